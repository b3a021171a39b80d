import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearestName } from '../../../agent/config/nearest.ts';

test.each([
  ['debounce', 'debounce', 0],
  ['debunce', 'debounce', 1], // left out
  ['debouncee', 'debounce', 1], // put in
  ['debaunce', 'debounce', 1], // exchanged
  ['debuonce', 'debounce', 1], // swapped
  ['', 'ab', 2],
  ['kitten', 'sitting', 3],
  ['ab', 'abcdefgh', 6], // given up: the lengths alone
])('from %j to %j it is %i', (left, right, distance) => {
  expect(editDistance(left, right)).toBe(distance);
  expect(editDistance(right, left)).toBe(distance);
});

test.each([
  ['grups', 'groups'],
  ['Groups', 'groups'],
  ['state_folder', 'state-folder'],
  ['nod', 'node'],
  ['logs', 'log'],
  ['bindnigs', 'bindings'],
])('%j means %j', (word, name) => {
  expect(nearestName(word, ['node', 'groups', 'state-folder', 'log', 'bindings'])).toBe(name);
});

test('of two candidates the nearer one is named', () => {
  expect(nearestName('serial-lin', ['serial-raw', 'serial-line'])).toBe('serial-line');
});

test.each(['to', 'interlock', 'x'.repeat(100_000)])('no name is near to a word like %.10s', (word) => {
  expect(nearestName(word, ['on', 'node', 'groups'])).toBeUndefined();
});

/** All of the table, as the textbook has it. */
function distanceOf(left: string, right: string): number {
  const table = Array.from({ length: left.length + 1 }, (_, row) =>
    Array.from({ length: right.length + 1 }, (_, column) => (row === 0 ? column : column === 0 ? row : 0)),
  );
  const at = (row: number, column: number) => table[row]?.[column] ?? Infinity;
  for (let row = 1; row <= left.length; row += 1) {
    for (let column = 1; column <= right.length; column += 1) {
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const least = Math.min(
        at(row, column - 1) + 1,
        at(row - 1, column) + 1,
        at(row - 1, column - 1) + (left[row - 1] === right[column - 1] ? 0 : 1),
        isSwap ? at(row - 2, column - 2) + 1 : Infinity,
      );
      table[row]?.splice(column, 1, least);
    }
  }
  return at(left.length, right.length);
}

test('up to the limit it is what the whole table says, and above it more than that', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
  fc.assert(
    fc.property(word, word, (left, right) => {
      expect(Math.min(editDistance(left, right), 3)).toBe(Math.min(distanceOf(left, right), 3));
    }),
    { numRuns: 5_000 },
  );
});
