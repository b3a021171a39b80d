import { expect, it } from 'vitest';
import { LastDay } from '../../../agent/health/last-day.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const minuteMs = 60_000;

it('what a total grew by is told since the start, and after a day of the last 24 hours', async () => {
  const clock = createFakeClock();
  const lastDay = new LastDay(clock, 1_000);
  expect(lastDay.grown(1_000)).toBe(0);
  expect(lastDay.grown(1_500)).toBe(500);
  let total = 1_500;
  const pass = async (minutes: number, each: number) => {
    for (let minute = 0; minute < minutes; minute += 1) {
      await clock.advance(minuteMs);
      total += each;
      lastDay.grown(total);
    }
  };
  await pass(23 * 60, 10);
  expect(lastDay.grown(total)).toBe(500 + 23 * 60 * 10);
  await pass(3 * 24 * 60, 2);
  expect(lastDay.grown(total)).toBeGreaterThanOrEqual(24 * 60 * 2);
  expect(lastDay.grown(total)).toBeLessThanOrEqual(25 * 60 * 2);
});
