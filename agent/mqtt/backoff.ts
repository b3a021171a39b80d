import { reconnectDelayMsMax, reconnectDelayMsMin, stableConnectionMs } from '../limits.ts';

/**
 * The wait before the next attempt: decorrelated jitter, so that a thousand boards that lost the same broker do not
 * come back in step. `random` gives 0 ≤ x < 1. Absent `previousMs`: the first wait.
 */
export function nextDelayMs(previousMs: number | undefined, random: () => number): number {
  const ceilingMs = (previousMs ?? reconnectDelayMsMin) * 3;
  const delayMs = reconnectDelayMsMin + random() * (ceilingMs - reconnectDelayMsMin);
  return Math.min(reconnectDelayMsMax, Math.max(reconnectDelayMsMin, delayMs));
}

/**
 * What the next wait grows from after a connection ended that was up for `upMs` (0: it never came up). A broker that
 * accepts and drops at once must not reset the back-off, or both sides spin.
 */
export function previousDelayMs(previousMs: number | undefined, upMs: number): number | undefined {
  return upMs >= stableConnectionMs ? undefined : previousMs;
}
