import type { DriverErrorKind } from '../contract/result.ts';
import * as defaults from '../limits.ts';

/** Bounds of the tries to open a port again. */
export interface ReopenLimits {
  readonly presenceEveryMs: number;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  readonly lossesCountMax: number;
  readonly lossesWindowMs: number;
  readonly stormPauseMs: number;
}

export const reopenLimits: ReopenLimits = {
  presenceEveryMs: defaults.presenceEveryMs,
  delayMsMin: defaults.portReopenDelayMsMin,
  delayMsMax: defaults.portReopenDelayMsMax,
  lossesCountMax: defaults.portLossesCountMax,
  lossesWindowMs: defaults.portLossesWindowMs,
  stormPauseMs: defaults.portStormPauseMs,
};

/** What the next try depends on. */
export interface Reopening {
  /** Tries in a row that found the port there and could not open it. */
  readonly failuresCount: number;
  /** When it went away, within the window; at most lossesCountMax + 1 of them. */
  readonly lossesMs: readonly number[];
}

export const freshReopening: Reopening = { failuresCount: 0, lossesMs: [] };

/** `open`: it is open · `lost`: it was open and went away · the kind of error with which a try ended. */
export type ReopenInput = 'open' | 'lost' | DriverErrorKind;

export interface ReopenStep {
  readonly next: Reopening;
  /** Until the next try; meaningless after `open`. */
  readonly delayMs: number;
  /** It flaps, and is left alone for `delayMs`. */
  readonly isStorm: boolean;
}

/**
 * When to try again. A port that is absent is looked for at a steady pace, so that it is back soon after it was plugged
 * in; one that is there and does not open is tried ever less often; one that flaps is left alone for a while.
 * `random` gives 0 ≤ x < 1: boards that lost the same supply do not come back in step.
 */
export function stepReopening(
  { failuresCount, lossesMs }: Reopening,
  input: ReopenInput,
  nowMs: number,
  random: () => number,
  limits: ReopenLimits = reopenLimits,
): ReopenStep {
  const recentMs = lossesMs.filter((lostMs) => nowMs - lostMs < limits.lossesWindowMs);
  if (input === 'open') return { next: { failuresCount: 0, lossesMs: recentMs }, delayMs: 0, isStorm: false };
  if (input === 'lost') {
    const losses = [...recentMs, nowMs];
    if (losses.length > limits.lossesCountMax) {
      return { next: freshReopening, delayMs: limits.stormPauseMs, isStorm: true };
    }
    return { next: { failuresCount: 0, lossesMs: losses }, delayMs: backOffMs(0, random, limits), isStorm: false };
  }
  if (input === 'absent') {
    const delayMs = limits.presenceEveryMs * (0.8 + 0.4 * random());
    return { next: { failuresCount: 0, lossesMs: recentMs }, delayMs, isStorm: false };
  }
  const delayMs = backOffMs(failuresCount, random, limits);
  return { next: { failuresCount: failuresCount + 1, lossesMs: recentMs }, delayMs, isStorm: false };
}

function backOffMs(failuresCount: number, random: () => number, { delayMsMin, delayMsMax }: ReopenLimits): number {
  const ceilingMs = Math.min(delayMsMax, delayMsMin * 2 ** Math.min(failuresCount, 30));
  return Math.max(delayMsMin, ceilingMs * (0.5 + 0.5 * random()));
}
