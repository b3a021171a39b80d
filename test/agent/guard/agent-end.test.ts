import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endOfAgent } from '../../../agent/guard/agent-end.ts';

let proc = '';
beforeEach(() => {
  proc = mkdtempSync(path.join(tmpdir(), 'qn-proc-'));
});
afterEach(() => {
  rmSync(proc, { recursive: true });
  process.removeAllListeners('SIGUSR2');
});

/** Of the main thread of the process that started this one, as the kernel shows it; its name is what the process likes. */
function setState(state: string): void {
  mkdirSync(path.join(proc, `${process.ppid}`), { recursive: true });
  writeFileSync(path.join(proc, `${process.ppid}`, 'stat'), `${process.ppid} (a) Z (\n) ${state} 1 1 1 0\n`);
}

const native = { tellParentEnd: () => ({ ok: true, value: undefined }) as const };
const isOver = async (end: Promise<void>) => await Promise.race([end.then(() => true), delay(100, false)]);

it.each(['Z', 'X'])('is told by the kernel, and is one when the main thread is %s', async (state) => {
  setState(state);
  const end = endOfAgent(native, proc);
  expect(await isOver(end)).toBe(false);
  process.emit('SIGUSR2', 'SIGUSR2');
  expect(await isOver(end)).toBe(true);
});

it('is told a moment before it is one', async () => {
  setState('R');
  const end = endOfAgent(native, proc);
  process.emit('SIGUSR2', 'SIGUSR2');
  expect(await isOver(end)).toBe(false);
  setState('Z');
  expect(await isOver(end)).toBe(true);
});

it('is none when anybody else sends the signal, and is heard afterwards', { timeout: 10_000 }, async () => {
  setState('S');
  const end = endOfAgent(native, proc);
  process.emit('SIGUSR2', 'SIGUSR2');
  await delay(1_500); // It has looked for as long as it does.
  setState('Z');
  expect(await isOver(end)).toBe(false);
  process.emit('SIGUSR2', 'SIGUSR2');
  expect(await isOver(end)).toBe(true);
});

it('is told again with each other thread that ends later, which ends nobody', async () => {
  setState('Z');
  const end = endOfAgent(native, proc);
  process.emit('SIGUSR2', 'SIGUSR2');
  expect(await isOver(end)).toBe(true);
  expect(process.listenerCount('SIGUSR2')).toBe(1); // Without one the signal ends the process.
});

it('is not told where there is no native file', async () => {
  setState('S');
  const end = endOfAgent(undefined, proc);
  process.emit('SIGUSR2', 'SIGUSR2');
  expect(await isOver(end)).toBe(false);
});
