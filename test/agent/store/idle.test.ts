import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openFileRig } from '../../support/store-rigs.ts';

const pageBytes = 4_096;

it('an idle store writes nothing to the disk', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'store-idle-'));
  const program = fileURLToPath(new URL('../../support/store-idler.ts', import.meta.url));
  const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('idle');
  await delay(500); // What the start has left to do.
  const before = writtenBy(child.pid);
  await delay(3_000);
  const idle = writtenBy(child.pid);
  expect(idle.diskBytes).toBe(before.diskBytes);
  // Where the folder is no disk the kernel counts none: what the threads wake each other with is less than one page.
  expect(idle.anywhereBytes - before.anywhereBytes).toBeLessThan(pageBytes);
  // Asked to write once more, it does, and it is seen: the measurement can fail.
  child.stdin.write('write\n');
  expect((await lines.next()).value).toBe('written');
  expect(writtenBy(child.pid).anywhereBytes - idle.anywhereBytes).toBeGreaterThan(pageBytes);
});

it('a counter that changes every second for a day costs less than 1 MB of the disk', async () => {
  await using rig = openFileRig();
  const store = await rig.open();
  const before = store.metrics();
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    for (let second = 0; second < 60; second += 1) store.values.setSoon('count', String(minute * 60 + second));
    await rig.clock.advance(60_000);
    if (minute % 15 === 14) await expect.poll(() => store.metrics().pending).toBe(0);
  }
  const { commits, writtenBytes } = store.metrics();
  expect(commits - before.commits).toBeGreaterThan(90);
  expect(commits - before.commits).toBeLessThan(100);
  expect(writtenBytes - before.writtenBytes).toBeGreaterThan(90 * 4_096);
  expect(writtenBytes - before.writtenBytes).toBeLessThan(1_000_000);
});

/** Of all threads of a process: what it wrote anywhere, and what of it went to a disk. */
function writtenBy(pid: number | undefined): { readonly anywhereBytes: number; readonly diskBytes: number } {
  const text = readFileSync(`/proc/${pid}/io`, 'utf8');
  const read = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]);
  return { anywhereBytes: read('wchar'), diskBytes: read('write_bytes') };
}
