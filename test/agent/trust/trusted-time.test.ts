import { expect, test } from 'vitest';
import type { ClockQuality } from '../../../agent/qn/message.ts';
import { ReplayGuard } from '../../../agent/trust/replay-guard.ts';
import { createTrustedTime } from '../../../agent/trust/trusted-time.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { openMemoryRig, stored } from '../../support/store-rigs.ts';

const day = 86_400_000;
const start = Date.parse('2026-11-25T12:00:00Z');

function rig(quality: ClockQuality, wallMs: number, kept = new Map<string, string>()) {
  const clock = createFakeClock(wallMs);
  const now = { quality };
  let writesCount = 0;
  const values = {
    get: (key: string) => kept.get(key),
    async set(key: string, text: string) {
      kept.set(key, text);
      writesCount += 1;
      return ok();
    },
  };
  const time = createTrustedTime({ clock, clockQuality: () => now.quality, values });
  return { clock, time, kept, now, writes: () => writesCount };
}

test('a clock that is put back does not bring back what is over', () => {
  const { clock, time, now } = rig('synced', start);
  expect(time.nowMs()).toBe(start);
  now.quality = 'estimated';
  clock.stepWall(-365 * day);
  expect(time.nowMs()).toBe(start);
});

test('the floor goes on with the time that passes, and outlives a restart', async () => {
  const { clock, time, now, kept } = rig('synced', start);
  time.nowMs();
  now.quality = 'boot';
  clock.stepWall(-start);
  await clock.advance(5_000);
  expect(time.nowMs()).toBe(start + 5_000);
  const later = rig('boot', 0, kept);
  expect(later.time.nowMs()).toBe(start);
});

test('a clock that is set long after the start is no later for it', async () => {
  const { clock, time, now } = rig('boot', 0);
  await clock.advance(day);
  clock.stepWall(start);
  now.quality = 'synced';
  expect(time.nowMs()).toBe(start + day);
  await clock.advance(1_000);
  expect(time.nowMs()).toBe(start + day + 1_000);
});

test('what somebody trusted said outlives a restart', () => {
  const { time, kept } = rig('boot', 0);
  time.heard(start);
  time.nowMs();
  expect(rig('boot', 0, kept).time.nowMs()).toBe(start);
});

test('it is not lost where the disk is in trouble at the start', async () => {
  await using disk = openMemoryRig();
  const before = await disk.open();
  stored(await before.values.set('trust.time-floor-ms', String(start)));
  await before[Symbol.asyncDispose]();
  disk.platter.trouble = 'full';
  const { clock } = disk; // It is behind: January 2026.
  const { values } = await disk.open();
  const time = createTrustedTime({ clock, clockQuality: () => 'estimated', values });
  expect(time.nowMs()).toBeLessThan(start);
  disk.platter.trouble = undefined;
  await clock.advance(60_000);
  expect(values.get('trust.time-floor-ms')).toBe(String(start));
  expect(time.nowMs()).toBeGreaterThanOrEqual(start);
});

test('it is written once an hour, not at every look', async () => {
  const { clock, time, writes } = rig('synced', start);
  for (let minute = 0; minute < 180; minute += 1) {
    time.nowMs();
    await clock.advance(60_000);
  }
  expect(writes()).toBe(3);
});

test('a wall clock nobody vouches for is believed while it lasts, and not kept', () => {
  const { time, kept } = rig('estimated', start);
  expect(time.nowMs()).toBe(start);
  expect(kept.get('trust.time-floor-ms')).toBe(String(Date.UTC(2026, 0, 1)));
});

test('a stamp of somebody trusted raises it by a year at most, and not at all when the clock is synced', () => {
  const far = rig('boot', 0);
  const before = far.time.nowMs();
  far.time.heard(before + 10_000 * day);
  expect(far.time.nowMs()).toBe(before + 366 * day);
  const synced = rig('synced', start);
  synced.time.heard(start + day);
  expect(synced.time.nowMs()).toBe(start);
});

test('what was kept and is damaged counts for nothing', () => {
  expect(rig('boot', 0, new Map([['trust.time-floor-ms', 'x']])).time.nowMs()).toBe(Date.UTC(2026, 0, 1));
});

test('a replay guard knows each id until it is over, and says when it is full', () => {
  const guard = new ReplayGuard(2);
  expect(guard.enter('a', 100, 0)).toBe('first');
  expect(guard.enter('a', 100, 100)).toBe('again');
  expect(guard.enter('b', 200, 0)).toBe('first');
  expect(guard.enter('c', 200, 100)).toBe('full');
  expect(guard.enter('b', 200, 100)).toBe('again');
  expect(guard.enter('c', 300, 101)).toBe('first'); // `a` is over.
  expect(guard.enter('a', 300, 201)).toBe('first'); // So is `b`, and a token that is over is refused before.
});
