import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { loopWindowMs } from '../../../agent/health/limits.ts';
import { type DelayHistogram, openLoopLag } from '../../../agent/health/loop-lag.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

/** A histogram that has what the test put into it, in ns. */
function createHistogram(): DelayHistogram & { values: number[] } {
  const values: number[] = [];
  const at = (part: number) => values.toSorted((a, b) => a - b)[Math.ceil(part * values.length) - 1] ?? 0;
  return {
    values,
    get max() {
      return Math.max(...values);
    },
    get count() {
      return values.length;
    },
    enable: () => true,
    disable: () => true,
    percentile: (percent) => at(percent / 100),
    reset: () => void values.splice(0),
  };
}

const ms = 1_000_000;

it('tells what was late in the last windows, and forgets it afterwards', async () => {
  const clock = createFakeClock();
  const histogram = createHistogram();
  using lag = openLoopLag(clock, histogram);
  expect(lag.read()).toEqual({ p50_us: 0, p99_us: 0, max_us: 0 });
  histogram.values.push(20 * ms, 21 * ms, 820 * ms);
  expect(lag.read()).toEqual({ p50_us: 1_000, p99_us: 800_000, max_us: 800_000 });
  await clock.advance(loopWindowMs);
  expect(lag.read()).toMatchObject({ p99_us: 800_000 }); // Still of the window before.
  histogram.values.push(20 * ms, 20 * ms, 22 * ms);
  await clock.advance(loopWindowMs);
  expect(lag.read()).toEqual({ p50_us: 0, p99_us: 2_000, max_us: 2_000 });
});

it('keeps no timer when it is closed', () => {
  const clock = createFakeClock();
  openLoopLag(clock, createHistogram())[Symbol.dispose]();
  expect(clock.timersCount).toBe(0);
});

it('sees a loop that is held up, by the histogram of Node', async () => {
  using lag = openLoopLag(systemClock);
  const heldUpMs = 120;
  while (lag.read().max_us < heldUpMs * 1_000) {
    const untilMs = performance.now() + heldUpMs + 30;
    while (performance.now() < untilMs);
    await turn();
  }
  expect(lag.read().max_us).toBeGreaterThanOrEqual(heldUpMs * 1_000);
});
