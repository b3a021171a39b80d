import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../../agent/clock.ts';
import { loopTest, timersTest } from '../../../../agent/health/tests/loop.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { runTest } from '../../../support/run-test.ts';

/** Runs a test on a clock that moves as fast as it is asked to. */
async function onFakeTime(plant: (clock: Clock) => Clock, test: (clock: Clock) => ReturnType<typeof loopTest>) {
  const fake = createFakeClock();
  const row = runTest(test(plant(fake)), fake);
  await fake.advance(10_000);
  return await row;
}

const late =
  (byMs: (count: number) => number) =>
  (clock: Clock): Clock => {
    let count = 0;
    return { ...clock, after: (delayMs, action) => clock.after(delayMs + byMs((count += 1)), action) };
  };

describe('the event loop', () => {
  it('is not late on this machine, or the test says by how much', async () => {
    const row = await runTest(loopTest(systemClock, 10));
    expect(row.detail).toMatch(/late by \d+\.\d ms in the middle, \d+\.\d ms at worst/);
  });

  it.each([
    ['each time by 50 ms', late(() => 50), 'pass'],
    ['each time by 51 ms', late(() => 51), 'fail'],
    ['once by half a second', late((count) => (count === 3 ? 501 : 0)), 'fail'],
  ] as const)('is held up %s', async (_, plant, status) => {
    expect(await onFakeTime(plant, (clock) => loopTest(clock, 20))).toMatchObject({ status });
  });
});

describe('timers', () => {
  const test = (plant: (clock: Clock) => Clock) => onFakeTime(plant, timersTest);

  it('are sound here', async () => {
    expect(await runTest({ ...timersTest(systemClock), deadlineMs: 5_000 })).toMatchObject({ status: 'pass' });
  });

  it('that are early are found', async () => {
    const early = (clock: Clock): Clock => ({ ...clock, after: (delayMs, action) => clock.after(delayMs - 3, action) });
    expect(await test(early)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('5 faults, the first: a timer of 5 ms fired after 2.0 ms'),
    });
  });

  it('in the wrong order are found', async () => {
    const reversed = (clock: Clock): Clock => ({
      ...clock,
      after: (delayMs, action) => clock.after(100 - delayMs, action),
    });
    expect(await test(reversed)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('order 40, 30, 20, 10, 5 ms'),
    });
  });

  it('that were taken back and fire are found', async () => {
    const stubborn = (clock: Clock): Clock => ({
      ...clock,
      after(delayMs, action) {
        clock.after(delayMs, action);
        return { [Symbol.dispose]() {} };
      },
    });
    expect(await test(stubborn)).toMatchObject({ status: 'fail', detail: expect.stringContaining('taken back') });
  });

  it('that never fire end the test at its deadline', async () => {
    const dead = (clock: Clock): Clock => ({ ...clock, after: () => ({ [Symbol.dispose]() {} }) });
    expect(await test(dead)).toMatchObject({ status: 'timeout', detail: 'not done within 500 ms' });
  });
});
