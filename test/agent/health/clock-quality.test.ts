import { expect, it } from 'vitest';
import { createClockQuality, plausibleWallMsMin } from '../../../agent/health/clock-quality.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

it('is boot while there is no time, whatever the system says', () => {
  expect(createClockQuality(createFakeClock(plausibleWallMsMin - 1), () => true)()).toBe('boot');
});

it('follows the system, asked anew after 30 s at the most', async () => {
  const clock = createFakeClock();
  let isSynchronized = false;
  let askedCount = 0;
  const quality = createClockQuality(clock, () => {
    askedCount += 1;
    return isSynchronized;
  });
  expect([quality(), quality()]).toEqual(['estimated', 'estimated']);
  expect(askedCount).toBe(1);
  isSynchronized = true;
  await clock.advance(29_999);
  expect(quality()).toBe('estimated');
  await clock.advance(1);
  expect(quality()).toBe('synced');
});

it('asks at once when the time arrives', () => {
  const clock = createFakeClock(0);
  const quality = createClockQuality(clock, () => true);
  expect(quality()).toBe('boot');
  clock.stepWall(plausibleWallMsMin);
  expect(quality()).toBe('synced');
});
