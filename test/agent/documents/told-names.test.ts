import { expect, test } from 'vitest';
import { createTable } from '../../../agent/dispatch/table.ts';
import { toldNamesMax } from '../../../agent/documents/limits.ts';
import { ToldNames } from '../../../agent/documents/told-names.ts';
import { configOf } from '../../support/memory-agent.ts';

const documents = [
  'lamp: { driver: gpio-out, line: GPIO17 }',
  'firmware.mcu0: { driver: mcu, port: /dev/ttyAMA2, baud: 115200 }',
];

function recalling(recalled: unknown) {
  const { rows } = createTable(configOf({ documents }, '/tmp'));
  let kept: () => unknown = () => undefined;
  let touchesCount = 0;
  const memory = {
    recall: () => recalled,
    keep: (read: () => unknown) => void (kept = read),
    touch: () => void (touchesCount += 1),
  };
  const names = new ToldNames(memory, () => rows);
  return { names, kept: () => kept(), touches: () => touchesCount };
}

test('names of before that no document has are gone; channels of a microcontroller may still come', () => {
  const { names } = recalling(['old', 'lamp', 'firmware.mcu0.out1', 'firmware.mcu1.out1', 'lamp.x']);
  expect(names.gone()).toEqual(['old', 'firmware.mcu1.out1', 'lamp.x']);
  names.add('config'); // The agent's own.
  expect(names.has('config')).toBe(false);
});

test('nothing is written when nothing is new', () => {
  const { touches } = recalling(['lamp', 'firmware.mcu0']);
  expect(touches()).toBe(0);
  expect(recalling('damaged').kept()).toEqual(['lamp', 'firmware.mcu0']);
});

test.for([0, 1])('at the bound and %i more the oldest is forgotten, not the newest', (over) => {
  const { names, kept } = recalling([]);
  for (let count = 0; count < toldNamesMax - 2 + over; count += 1) names.add(`n${count}`);
  expect(kept()).toHaveLength(toldNamesMax);
  expect([names.has('lamp'), names.has(`n${toldNamesMax - 3 + over}`)]).toEqual([over === 0, true]);
});
