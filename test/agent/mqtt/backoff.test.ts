import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconnectDelayMsMax, reconnectDelayMsMin, stableConnectionMs } from '../../../agent/limits.ts';
import { nextDelayMs, previousDelayMs } from '../../../agent/mqtt/backoff.ts';

const almostOne = 1 - Number.EPSILON;
const chance = fc.double({ min: 0, max: almostOne, noNaN: true });

describe('the back-off', () => {
  it('stays inside its bounds, whatever the chance, and never more than triples', () => {
    fc.assert(
      fc.property(fc.array(chance, { minLength: 1, maxLength: 50 }), (chances) => {
        let previousMs: number | undefined;
        for (const value of chances) {
          const delayMs = nextDelayMs(previousMs, () => value);
          expect(delayMs).toBeGreaterThanOrEqual(reconnectDelayMsMin);
          expect(delayMs).toBeLessThanOrEqual(Math.min(reconnectDelayMsMax, (previousMs ?? reconnectDelayMsMin) * 3));
          previousMs = delayMs;
        }
      }),
    );
  });

  it('reaches the longest wait and stays there when chance wants it', () => {
    let delayMs: number | undefined;
    for (let count = 0; count < 20; count += 1) delayMs = nextDelayMs(delayMs, () => almostOne);
    expect(delayMs).toBe(reconnectDelayMsMax);
  });

  it('differs between boards that lost the broker together', () => {
    expect(nextDelayMs(1_000, () => 0.25)).not.toBe(nextDelayMs(1_000, () => 0.75));
  });

  it('begins afresh only after a connection that held', () => {
    expect(previousDelayMs(9_000, 0)).toBe(9_000);
    expect(previousDelayMs(9_000, stableConnectionMs - 1)).toBe(9_000);
    expect(previousDelayMs(9_000, stableConnectionMs)).toBeUndefined();
  });
});
