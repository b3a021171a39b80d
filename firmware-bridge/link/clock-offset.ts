import { linkClockSamplesMax } from '../limits.ts';

/** What one PING with its PONG says of the clock over there. */
interface ClockSample {
  readonly roundTripMs: number;
  /** Their milliseconds minus ours. */
  readonly offsetMs: number;
}

/** The latest samples, oldest first. */
export type ClockSamples = readonly ClockSample[];

export interface ClockOffset {
  /** Added to our monotonic milliseconds it gives theirs. */
  readonly offsetMs: number;
  /** The truth is not further away than this. */
  readonly errorMs: number;
}

/** `theirMs` wraps at 32 bits; it was read somewhere between the two times. */
export function withSample(samples: ClockSamples, sentMs: number, receivedMs: number, theirMs: number): ClockSamples {
  const sample = { roundTripMs: receivedMs - sentMs, offsetMs: theirMs - (sentMs + receivedMs) / 2 };
  return [...samples.slice(1 - linkClockSamplesMax), sample];
}

/** By the sample with the shortest way, which can be wrong by half of it at most; a millisecond more is how we read clocks. */
export function clockOffset(samples: ClockSamples): ClockOffset | undefined {
  const best = samples.reduce<ClockSample | undefined>((shortest, sample) => {
    return shortest === undefined || sample.roundTripMs <= shortest.roundTripMs ? sample : shortest;
  }, undefined);
  return best === undefined ? undefined : { offsetMs: best.offsetMs, errorMs: best.roundTripMs / 2 + 1 };
}

/** How long ago their clock showed `stampMs`; never negative, because a stamp from the future is an error of ours. */
export function ageOf({ offsetMs }: ClockOffset, stampMs: number, nowMs: number): number {
  const theirNowMs = Math.round(nowMs + offsetMs);
  return Math.max(0, (theirNowMs - stampMs) | 0); // Both wrap at 32 bits.
}
