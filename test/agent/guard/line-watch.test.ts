import { expect, test } from 'vitest';
import { createLineWatch, watchGpio } from '../../../agent/guard/line-watch.ts';
import { guardUpdateMs } from '../../../agent/limits.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { valueOf } from '../../support/value-of.ts';

function watchBoard() {
  const clock = createFakeClock();
  const lines = createLineWatch(clock);
  const told: string[][] = [];
  lines.onChange((outputs) => void told.push(outputs.map(({ resource }) => resource)));
  let takenCount = 0;
  const takeOver = async () => void (takenCount += 1);
  const gpio = watchGpio(createSimulatedGpio(createMemoryBoard()), { clock, lines, takeOver });
  const open = async (line: string) => valueOf(await gpio.openOutput({ line, initial: 0, consumer: 'test' }));
  return { clock, gpio, told, open, takenCount: () => takenCount };
}

test('the guard is told of every line that was opened or closed, a moment after the first of a burst', async () => {
  const { clock, told, open } = watchBoard();
  const relay = await open('A');
  await open('B');
  await clock.advance(guardUpdateMs - 1);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual([['A', 'B']]);
  await relay[Symbol.asyncDispose]();
  await clock.advance(guardUpdateMs);
  await open('C');
  await clock.advance(guardUpdateMs);
  expect(told.slice(1)).toEqual([['B'], ['B', 'C']]);
});

test('before a line is opened, output or input, what the guard keeps is taken over', async () => {
  const { gpio, open, takenCount } = watchBoard();
  await open('A');
  expect(takenCount()).toBe(1);
  await gpio.openInput({ line: 'B', bias: 'as-is', consumer: 'test' });
  expect(takenCount()).toBe(2);
});
