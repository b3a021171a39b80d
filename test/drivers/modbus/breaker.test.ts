import { expect, test } from 'vitest';
import { type Breaker, freshBreaker, mayAsk, stepBreaker } from '../../../drivers/modbus/breaker.ts';

/** The pauses after failures that come as soon as they may. */
function pauses(count: number): readonly number[] {
  let breaker: Breaker = freshBreaker;
  let nowMs = 0;
  return Array.from({ length: count }, () => {
    breaker = stepBreaker(breaker, false, nowMs);
    const pauseMs = Math.max(0, breaker.resumeMs - nowMs);
    nowMs += pauseMs;
    return pauseMs;
  });
}

test('two failures are forgiven, then the pauses double from 1 s to 30 s', () => {
  expect(pauses(9)).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(pauses(2_000).at(-1)).toBe(30_000);
});

test('an answer forgives everything', () => {
  let breaker = freshBreaker;
  for (let count = 0; count < 5; count += 1) breaker = stepBreaker(breaker, false, 0);
  expect(mayAsk(breaker, 3_999)).toBe(false);
  expect(mayAsk(breaker, 4_000)).toBe(true);
  expect(stepBreaker(breaker, true, 4_000)).toEqual(freshBreaker);
});
