import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { missingPart } from '../../agent/missing-part.ts';

/** What a program in an empty folder gets that asks for this. */
async function complaint(wanted: string): Promise<unknown> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-missing-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'program.cjs');
  writeFileSync(file, `require('${wanted}')`);
  try {
    createRequire(file)('./program.cjs');
  } catch (err) {
    return err;
  }
  throw new Error(`${wanted} is there`);
}

test.each([
  ['a part beside the program', './parts/open-mcu.cjs', 'open-mcu'],
  ['a part that another part asks for', './full-tests.cjs', 'full-tests'],
  ['a package', 'no-such-package', undefined],
  ['another file', './native/gpiochip.node', undefined],
])('%s', async (_, wanted, name) => {
  expect(missingPart(await complaint(wanted))).toBe(name);
});
