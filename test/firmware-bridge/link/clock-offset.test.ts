import { describe, expect, it } from 'vitest';
import { linkClockSamplesMax } from '../../../firmware-bridge/limits.ts';
import { ageOf, type ClockSamples, clockOffset, withSample } from '../../../firmware-bridge/link/clock-offset.ts';

describe('the clock of the other side', () => {
  it('is unknown before the first answer', () => {
    expect(clockOffset([])).toBeUndefined();
  });

  it('is taken from the sample with the shortest way, and wrong by half of it at most', () => {
    let samples: ClockSamples = withSample([], 1_000, 1_100, 5_090); // All of the delay on the way there.
    samples = withSample(samples, 2_000, 2_004, 6_002);
    samples = withSample(samples, 3_000, 3_400, 7_010);
    expect(clockOffset(samples)).toEqual({ offsetMs: 4_000, errorMs: 3 });
  });

  it('forgets the oldest sample, so that a clock that drifts is followed', () => {
    let samples: ClockSamples = withSample([], 0, 0, 1_000);
    for (let count = 0; count < linkClockSamplesMax; count += 1) samples = withSample(samples, 100, 110, 2_105);
    expect(samples).toHaveLength(linkClockSamplesMax);
    expect(clockOffset(samples)?.offsetMs).toBe(2_000);
  });

  it.each([
    ['just now', 5_000, 1_000, 0],
    ['a second ago', 4_000, 1_000, 1_000],
    ['in the future, which cannot be', 6_000, 1_000, 0],
  ])('a stamp from %s', (_, stampMs, nowMs, ageMs) => {
    expect(ageOf({ offsetMs: 4_000, errorMs: 1 }, stampMs, nowMs)).toBe(ageMs);
  });

  it('a stamp from before the 32 bits wrapped has its true age', () => {
    expect(ageOf({ offsetMs: 2 ** 32 - 500, errorMs: 1 }, 2 ** 32 - 100, 600)).toBe(200);
  });
});
