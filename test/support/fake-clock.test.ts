import { expect, it } from 'vitest';
import { sleep } from '../../agent/clock.ts';
import { createFakeClock } from './fake-clock.ts';

it('the fake clock runs due timers in the order they are due, each at its own time', async () => {
  const clock = createFakeClock();
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.monotonicMs()}`);
  clock.after(20, note('later'));
  clock.after(10, note('first'));
  clock.after(10, note('second'));
  clock.after(31, note('never'));
  clock.after(15, note('disposed'))[Symbol.dispose]();
  await clock.advance(30);
  expect(seen).toEqual(['first@10', 'second@10', 'later@20']);
  expect(clock.monotonicMs()).toBe(30);
  expect(clock.timersCount).toBe(1);
});

it('the fake clock lets promises settle between timers, so that a chain of waits runs through', async () => {
  const clock = createFakeClock();
  const seen: number[] = [];
  async function chain() {
    for (let count = 0; count < 3; count += 1) {
      await sleep(clock, 10);
      seen.push(clock.monotonicMs());
    }
  }
  const done = chain();
  await clock.advance(25);
  expect(seen).toEqual([10, 20]);
  await clock.advance(5);
  await done;
  expect(seen).toEqual([10, 20, 30]);
});

it('a step of the wall clock leaves the monotonic one and the timers alone', async () => {
  const clock = createFakeClock(1_000);
  let hasFired = false;
  clock.after(10, () => (hasFired = true));
  clock.stepWall(-500);
  expect([clock.wallMs(), clock.monotonicMs()]).toEqual([500, 0]);
  await clock.advance(9);
  expect(hasFired).toBe(false);
  await clock.advance(1);
  expect([clock.wallMs(), hasFired]).toEqual([510, true]);
});
