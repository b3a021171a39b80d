import { expect, test } from 'vitest';
import { driveLater } from '../../../agent/guard/later.ts';
import { safeRetryMs } from '../../../agent/limits.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createHeldOutput } from '../../support/held-output.ts';

const plan = { situation: 'crash', gpio: { backend: 'simulated' }, outputs: [], powers: [], limits: [] } as const;
const off = { document: 'heater', line: 'A', level: 0 } as const;

function prepare() {
  const clock = createFakeClock();
  const board = createMemoryBoard();
  board.wire('A').pull(1);
  return { clock, board, dependencies: { clock, openGpio: async () => ok(createSimulatedGpio(board)) } };
}

test('a line that is held goes off when its time is over, not before, and is tried again', async () => {
  const { clock, board, dependencies } = prepare();
  const held = createHeldOutput('A', { failsCount: 1 });
  const atMs = clock.monotonicMs() + 5_000;
  void driveLater(dependencies, plan, [{ output: off, atMs }], [held]);
  await clock.advance(5_000 + safeRetryMs - 1);
  expect(held.written).toEqual([]);
  await clock.advance(1);
  expect([held.written, board.wire('A').edges]).toEqual([[0], []]);
});

test('a line that nobody holds is opened for it, and let go of; one that somebody has by then is theirs', async () => {
  const { clock, board, dependencies } = prepare();
  const claimed = board.claim('B', 'qn-agent');
  const atMs = clock.monotonicMs() + 5_000;
  const ends = [off, { ...off, line: 'B' }].map((output) => ({ output, atMs }));
  const done = driveLater(dependencies, plan, ends, []);
  await clock.advance(4_999);
  expect(board.wire('A').level).toBe(1);
  await clock.advance(60_000);
  await done;
  expect([board.wire('A').level, board.wire('A').holder]).toEqual([0, undefined]);
  expect([claimed.ok, board.wire('B').edges]).toEqual([true, []]);
});

test('what goes on is tried once: nobody expects it when it is late', async () => {
  const { clock, dependencies } = prepare();
  const held = createHeldOutput('A', { failsCount: 1 });
  const output = { ...off, level: 1, deadTime: { after: ['other'], forMs: 500 } } as const;
  let isDone = false;
  void driveLater(dependencies, plan, [{ output, atMs: 500 }], [held]).then(() => {
    isDone = true;
  });
  await clock.advance(499);
  expect(isDone).toBe(false);
  await clock.advance(60_000);
  expect([isDone, held.written]).toEqual([true, []]);
});
