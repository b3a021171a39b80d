import { describe, expect, test } from 'vitest';
import type { GuestResult } from './guest/vitest.ts';
import { runBoard } from './host/board.ts';

/*
 * The contract suites, the native file and the bundle on a real arm64 kernel with gpio-sim and two serial cards, in a
 * machine that QEMU emulates. Every test that ran there is one test here.
 */
const isWanted = process.env['TEST_BOARD'] !== '0';

const run = isWanted ? await runBoard(createLaps()) : { missing: 'TEST_BOARD=0' };

if ('missing' in run) {
  describe.skip(`on an emulated board (${firstLine(run.missing)})`, () => {
    test('all of it', () => undefined);
  });
} else {
  test('the boards came up, ran their tests and switched themselves off', () => {
    expect(run.runs.map(({ fault }) => fault)).toEqual([undefined, undefined]);
  });
  const all = run.runs.flatMap(({ results }) => results);
  for (const [suite, results] of Map.groupBy(all, (result) => result.suite)) {
    describe(`on an emulated board: ${suite}`, () => {
      for (const result of results) report(result);
    });
  }
}

function report({ name, status, detail = '' }: GuestResult): void {
  test.skipIf(status === 'skipped')(status === 'skipped' ? `${name} (${detail})` : name, () => {
    expect(`${status} ${detail}`.trim()).toBe('passed');
  });
}

function createLaps(): (text: string) => void {
  const startMs = performance.now();
  return (text) => console.log(`${((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
