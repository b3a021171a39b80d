import { describe, expect, it } from 'vitest';
import { openWatchdog, type Vitals } from '../../../agent/health/watchdog.ts';
import { driverStuckMsMax } from '../../../agent/limits.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const sound: Vitals = { queued: 0, handled: 0, calls: [] };

function open(vitals: () => Vitals) {
  const clock = createFakeClock();
  const told: string[] = [];
  const stuck: string[] = [];
  const notify = (text: string) => void told.push(text);
  const onStuck = (why: string) => void stuck.push(why);
  const watchdog = openWatchdog({ clock, vitals, notify, onStuck }, 30_000);
  return { clock, told, stuck, watchdog };
}

describe('the watchdog', () => {
  it('is fed at once, and three times in each period, until it is disposed of', async () => {
    const { clock, told, stuck, watchdog } = open(() => sound);
    expect(told).toEqual(['WATCHDOG=1']);
    await clock.advance(30_000);
    expect(told).toHaveLength(4);
    watchdog[Symbol.dispose]();
    await clock.advance(60_000);
    expect([told.length, stuck, clock.timersCount]).toEqual([4, [], 0]);
  });

  it('is not fed any more when messages wait and none is dealt with', async () => {
    let vitals = sound;
    const { clock, told, stuck } = open(() => vitals);
    vitals = { queued: 3, handled: 7, calls: [] };
    await clock.advance(10_000);
    expect(told).toHaveLength(2); // They may have come this moment.
    vitals = { queued: 9, handled: 8, calls: [] };
    await clock.advance(10_000);
    expect(told).toHaveLength(3);
    await clock.advance(10_000);
    expect([told.length, stuck]).toEqual([3, ['9 messages wait, and none was dealt with']]);
    await clock.advance(100_000);
    expect(told).toHaveLength(3);
  });

  it('is not fed any more when a driver does not come back, and is while calls take turns', async () => {
    let call: object = {};
    const { clock, told, stuck } = open(() => ({ ...sound, calls: [{ document: 'serial.a', call }] }));
    for (let count = 0; count < 20; count += 1) {
      await clock.advance(10_000);
      call = {};
    }
    expect([told.length, stuck]).toEqual([21, []]);
    await clock.advance(driverStuckMsMax + 20_000);
    expect(stuck).toEqual([expect.stringContaining('the driver of serial.a has not come back')]);
    const fed = told.length;
    await clock.advance(100_000);
    expect(told).toHaveLength(fed);
  });
});
