import { describe, expect, test } from 'vitest';
import type { GuestResult } from './guest/vitest.ts';
import { runBoard } from './host/board.ts';

/** Runs these parts on emulated boards: every test that ran there is one test here. `TEST_BOARD=0` leaves them out. */
export async function reportBoard(parts: readonly string[]): Promise<void> {
  const isWanted = process.env['TEST_BOARD'] !== '0';
  const run = isWanted ? await runBoard(createLaps(), parts) : { missing: 'TEST_BOARD=0' };
  if ('missing' in run) {
    describe.skip(`on an emulated board (${firstLine(run.missing)})`, () => {
      test(`all of ${parts.join(' and ')}`, () => undefined);
    });
    return;
  }
  test.for(parts.map((part, index) => [part, run.runs[index]?.fault] as const))(
    'the board for %s came up, ran its tests and switched itself off',
    ([, fault]) => {
      expect(fault).toBe(undefined);
    },
  );
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
