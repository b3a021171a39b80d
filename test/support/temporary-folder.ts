import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** One folder for all temporary ones of a run, gone at its end with what a test that was cut short has left there. */
export default function setup(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-tests-'));
  chmodSync(folder, 0o1777); // Some tests work as another user.
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
