import { linkResendMsInitial, linkResendMsMax, linkResendMsMin } from '../limits.ts';

/** How long to wait for an acknowledgement: 3 × smoothed round trip (QN-8.3), doubled by each expiry (QN-8.3b). */
export interface RoundTrip {
  /** Undefined until one was measured. */
  readonly smoothedMs: number | undefined;
  /** Expiries since the last measurement. */
  readonly doublings: number;
}

export const unmeasured: RoundTrip = { smoothedMs: undefined, doublings: 0 };

/** Only of what was sent once: of two sendings nobody knows which one was answered (Karn and Partridge, 1987). */
export function measured({ smoothedMs }: RoundTrip, sampleMs: number): RoundTrip {
  return { smoothedMs: smoothedMs === undefined ? sampleMs : smoothedMs + (sampleMs - smoothedMs) / 8, doublings: 0 };
}

export function expired(roundTrip: RoundTrip): RoundTrip {
  return { ...roundTrip, doublings: Math.min(roundTrip.doublings + 1, 10) };
}

export function resendAfterMs({ smoothedMs, doublings }: RoundTrip): number {
  const calmMs = smoothedMs === undefined ? linkResendMsInitial : Math.max(linkResendMsMin, 3 * smoothedMs);
  return Math.min(linkResendMsMax, calmMs * 2 ** doublings);
}
