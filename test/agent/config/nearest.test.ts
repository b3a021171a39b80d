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
