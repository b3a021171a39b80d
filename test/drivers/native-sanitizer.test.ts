import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { canRun, compile } from '../../build/native/addon.ts';
import { gpiochipFlags, gpiochipSources } from '../../build/native/gpiochip.ts';
import { headerFolder } from '../../build/native/target.ts';
import { openDatagramInbox } from '../support/datagrams.ts';
import { ptyMissing } from '../support/pty.ts';
import { until } from '../support/until.ts';

const headers = headerFolder();
const runtime = sanitizerRuntime();
const missing = headers === undefined ? 'no headers of Node' : (runtime.missing ?? ptyMissing);

describe.skipIf(missing !== undefined)(
  `the native file under the address sanitizer${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    test('hostile arguments and real datagrams touch no memory that is not theirs', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sanitized-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const path = join(folder, 'gpiochip.node');
      const sanitizers = [
        '-shared',
        '-O1',
        '-g',
        '-fno-omit-frame-pointer',
        '-fsanitize=address,undefined',
        '-fno-sanitize-recover=undefined',
      ];
      compile('gcc', [...sanitizers, ...gpiochipFlags(headers ?? ''), ...gpiochipSources().sources, '-o', path]);
      const addresses = [join(folder, 'notify.sock'), `@qn-sanitized-${process.pid}`];
      const inboxes = await Promise.all(addresses.map((address) => openDatagramInbox(address)));
      const { stdout, stderr, status } = runSanitized([path, ...addresses]);
      for (const [index, inbox] of inboxes.entries()) {
        await until(() => inbox.received() !== '', 'the datagram');
        expect(inbox.received()).toBe(`READY=1\nSTATUS=${addresses[index]}`);
        await inbox[Symbol.asyncDispose]();
      }
      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({ sent: [true, true], counts: { open: 0, finalized: 0 } });
    }, 60_000);
  },
);

function runSanitized(operands: readonly string[]) {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    LD_PRELOAD: runtime.path,
    // Node keeps what it needs until the end: that is no leak of ours.
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:halt_on_error=1',
  };
  return spawnSync(process.execPath, ['--expose-gc', 'test/drivers/native/sanitized.ts', ...operands], {
    env,
    encoding: 'utf8',
  });
}

function sanitizerRuntime(): { readonly path: string; readonly missing?: string } {
  if (!canRun('gcc')) return { path: '', missing: 'gcc is not installed' };
  const path = execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  return existsSync(path) ? { path } : { path: '', missing: 'gcc has no libasan' };
}
