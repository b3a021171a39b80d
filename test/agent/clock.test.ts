import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { sleep, systemClock } from '../../agent/clock.ts';
import { pause, systemDriverClock } from '../../drivers/clock.ts';

test.each([
  ['the agent', () => sleep(systemClock, -5)],
  ['the drivers', () => pause(systemDriverClock, -5)],
])('a time that was over already is over for %s, and Node.js has nothing to warn of', async (_, wait) => {
  const warned: string[] = [];
  const hear = ({ name }: Error) => warned.push(name);
  process.on('warning', hear);
  onTestFinished(() => void process.off('warning', hear));
  const alive = setTimeout(() => {}, 5_000);
  await wait();
  await nextTurn();
  clearTimeout(alive);
  expect(warned).toEqual([]);
});

test('a wait of more days than Node.js can count does not end at once', async () => {
  let isOver = false;
  using _wait = systemClock.after(2 ** 31, () => {
    isOver = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isOver).toBe(false);
});
