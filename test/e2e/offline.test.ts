import { expect, it } from 'vitest';
import { storeLimits } from '../../agent/store/limits.ts';
import { runOffline } from '../prove/offline-run.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';

/** Below it the ratio of two percentiles is noise of the machine. */
const noticeableMs = 10;

/** The same for as long as you like, by hand: `npm run prove:offline -- --minutes 10`. */
describeWithMosquitto('a board without a broker', () => {
  it('keeps the newest events, counts the others, and tells them in order beside live commands', {
    timeout: 240_000,
  }, async () => {
    // Large ones, so that the outbox is full soon and empty soon.
    const figures = await runOffline({ seconds: 8, eventsPerSecond: 1_000, eventBytes: 900 });
    console.log(JSON.stringify(figures));
    const { events, arrived, dropped, outOfOrder, storedBytes, idleMsP99, drainMsP99, commandsWhileDraining } = figures;
    expect(dropped).toBeGreaterThan(0);
    expect(storedBytes).toBeGreaterThan(storeLimits.outboxBytesMax * 0.9);
    expect(storedBytes).toBeLessThanOrEqual(storeLimits.outboxBytesMax);
    expect([arrived + dropped, outOfOrder]).toEqual([events, 0]);
    expect(commandsWhileDraining).toBeGreaterThan(100);
    expect(drainMsP99).toBeLessThan(5 * Math.max(idleMsP99, noticeableMs));
  });
});
