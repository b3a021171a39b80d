import { expect, test } from 'vitest';
import { bringDown } from '../../../agent/guard/ends.ts';
import { safeRetryMs } from '../../../agent/limits.ts';
import type { DigitalOutput, Level } from '../../../drivers/contract/digital.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const plan = { situation: 'crash', gpio: { backend: 'simulated' }, outputs: [], powers: [], limits: [] } as const;
const off = { document: 'heater', line: 'A', level: 0 } as const;

function prepare() {
  const clock = createFakeClock();
  const board = createMemoryBoard();
  board.wire('A').pull(1);
  return { clock, board, dependencies: { clock, openGpio: async () => ok(createSimulatedGpio(board)) } };
}

function createHeld(fails: number) {
  const written: Level[] = [];
  let failsLeft = fails;
  const output: DigitalOutput = {
    resource: 'A',
    supports: { readBack: true },
    write(level) {
      failsLeft -= 1;
      if (failsLeft >= 0) return fail({ kind: 'io', operation: 'write', resource: 'A', detail: 'EREMOTEIO' });
      written.push(level);
      return ok();
    },
    readBack: () => ok(1),
    async [Symbol.asyncDispose]() {},
  };
  return { output, written };
}

test('a line that is held goes off when its time is over, not before, and is tried again', async () => {
  const { clock, board, dependencies } = prepare();
  const { output, written } = createHeld(1);
  const atMs = clock.monotonicMs() + 5_000;
  void bringDown(dependencies, plan, [{ off, atMs }], [output]);
  await clock.advance(5_000 + safeRetryMs - 1);
  expect(written).toEqual([]);
  await clock.advance(1);
  expect([written, board.wire('A').edges]).toEqual([[0], []]);
});

test('a line that nobody holds is opened for it, and let go of; one that somebody has by then is theirs', async () => {
  const { clock, board, dependencies } = prepare();
  const claimed = board.claim('B', 'qn-agent');
  const atMs = clock.monotonicMs() + 5_000;
  const ends = [off, { ...off, line: 'B' }].map((one) => ({ off: one, atMs }));
  const done = bringDown(dependencies, plan, ends, []);
  await clock.advance(4_999);
  expect(board.wire('A').level).toBe(1);
  await clock.advance(60_000);
  await done;
  expect([board.wire('A').level, board.wire('A').holder]).toEqual([0, undefined]);
  expect([claimed.ok, board.wire('B').edges]).toEqual([true, []]);
});
