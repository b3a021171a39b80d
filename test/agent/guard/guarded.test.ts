import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startGuard } from '../../../agent/guard/guarded.ts';
import type { OutputPlan } from '../../../agent/guard/output-plan.ts';
import { guardRestartMs } from '../../../agent/limits.ts';
import { type Log, silentLog } from '../../../agent/log.ts';
import type { DigitalOutput } from '../../../drivers/contract/digital.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';

const empty: OutputPlan = { situation: 'crash', powers: [], gpio: { backend: 'auto' }, outputs: [], limits: [] };
const plan: OutputPlan = { ...empty, outputs: [{ document: 'relay', line: 'A', level: 1 }] };

function prepare() {
  const folder = mkdtempSync(join(tmpdir(), 'guarded-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'guard');
  const heardFile = join(folder, 'heard');
  const told: string[] = [];
  const log: Log = { ...silentLog, error: (_about, message) => void told.push(message) };
  const clock = createFakeClock();
  return {
    clock,
    told,
    /** A program that writes down what the agent says to it. */
    install: (way = 'cat') => writeFileSync(program, `#!/bin/sh\nexec ${way} >> "$1/heard"\n`, { mode: 0o755 }),
    start: (first: OutputPlan, ...args: readonly string[]) =>
      startGuard({ clock, log, send: () => ok(), nowMs: () => 7_000 }, [program, ...args], folder, first),
    heard: () => (existsSync(heardFile) ? readFileSync(heardFile, 'utf8') : ''),
  };
}

test.for([
  ['is not there', []],
  ['is refused by the system', ['', 'x'.repeat(200_000)]], // E2BIG, which Node throws, as it does ENOMEM.
] as const)('a guard that %s is tried again after a pause, and not before', async ([, args]) => {
  const { clock, told, install, start, heard } = prepare();
  const guarded = start(plan, ...args);
  guarded.plan(empty);
  guarded.plan(plan);
  guarded.hold([]);
  await clock.advance(guardRestartMs - 1);
  expect(told).toEqual(['the guard cannot be started; it is tried again']);
  await clock.advance(1);
  expect(told).toHaveLength(2);
  if (args.length > 0) return;
  install();
  await clock.advance(guardRestartMs);
  await until(() => heard().includes('none'), 'the guard');
  expect(heard()).toBe(`${JSON.stringify(plan)}\nnone\n`);
  await guarded.goodbye();
});

test('a guard that ends is started again with the plan, and after a goodbye none is', async () => {
  const { clock, told, install, start, heard } = prepare();
  install('head -n 1');
  const guarded = start(plan);
  await until(() => told.length > 0, 'the end of the first one');
  expect(told).toEqual(['the guard ended; it is started again']);
  install();
  await clock.advance(guardRestartMs);
  await until(() => heard().endsWith('none\n'), 'the next one');
  expect(heard()).toBe(`${JSON.stringify(plan)}\n${JSON.stringify(plan)}\nnone\n`);
  await guarded.goodbye();
  await clock.advance(guardRestartMs);
  expect([told.length, heard().endsWith('bye []\n')]).toEqual([1, true]);
});

function createHeld(resource: string): DigitalOutput {
  const done = () => ok();
  const readBack = () => ok(0 as const);
  return { resource, supports: { readBack: true }, held: {}, write: done, readBack, async [Symbol.asyncDispose]() {} };
}

test('where nothing is driven after a crash a guard is started at the end, for the lines that are to be kept', async () => {
  const { install, start, heard } = prepare();
  install();
  const guarded = start(empty);
  guarded.hold([createHeld('A'), createHeld('B')]);
  guarded.keep(['A', 'C']);
  await guarded.goodbye();
  await until(() => heard().includes('bye'), 'the guard');
  expect(heard()).toBe(`${JSON.stringify(empty)}\nheld\nbye ["A","C"]\n`);
});

test('where no line is to be kept either, none is started', async () => {
  const { told, start, heard } = prepare(); // No program: one that is started would be told.
  const guarded = start(empty);
  guarded.hold([createHeld('A')]);
  guarded.keep(['C']);
  await guarded.goodbye();
  expect([told, heard()]).toEqual([[], '']);
});

test('how long outputs may be on is told where the plan has a limit, and again to another guard', async () => {
  const { clock, install, start, heard } = prepare();
  const limit = { document: 'relay', line: 'A', level: 0, forMs: 60_000, after: ['crash'] } as const;
  const limited: OutputPlan = { ...empty, limits: [limit] };
  const guarded = start(limited); // It is not there yet.
  guarded.limit('relay', undefined);
  guarded.limit('relay', 5_000);
  guarded.limit('other', 5_000);
  install();
  await clock.advance(guardRestartMs);
  await until(() => heard().includes('none'), 'the guard');
  guarded.limit('relay', undefined);
  guarded.limit('other', undefined);
  await until(() => heard().includes('null'), 'the end of the limit');
  expect(heard()).toBe(`${JSON.stringify(limited)}\nlimit ["relay",12000]\nnone\nlimit ["relay",null]\n`);
  await guarded.goodbye();
});
