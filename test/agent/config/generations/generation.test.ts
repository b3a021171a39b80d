import { expect, test } from 'vitest';
import {
  contentOf,
  decodeGeneration,
  encodeGeneration,
  type Generation,
} from '../../../../agent/config/generations/generation.ts';

const generation: Generation = {
  version: 7,
  vc: { alice: 3, local: 1 },
  origin: 'push',
  author: 'alice',
  atMs: 1_795_000_000_000,
  value: { node: 'pi-1', documents: { relay: { line: 'GPIO17', 'max-on': '5s' } } },
  pushed: 'digest',
  file: 'digest of the file',
};

test('what is written is read again', () => {
  expect(decodeGeneration(encodeGeneration(generation))).toEqual(generation);
});

test('what a newer agent says beside is passed over', () => {
  const newer = { ...generation, approvedBy: 'bob' };
  expect(decodeGeneration(encodeGeneration(newer))).toEqual(generation);
});

test('a damaged one is none, wherever the damage is', () => {
  const text = encodeGeneration(generation);
  let found = 0;
  for (let index = 0; index < text.length; index += 1) {
    const damaged = `${text.slice(0, index)}${text[index] === '0' ? '1' : '0'}${text.slice(index + 1)}`;
    const decoded = decodeGeneration(damaged);
    if (decoded !== undefined) expect([index, decoded]).toEqual([index, generation]);
    else found += 1;
  }
  expect(found).toBeGreaterThan(text.length - 3); // The line end may be anything.
  for (let length = 0; length < text.length - 1; length += 1)
    expect(decodeGeneration(text.slice(0, length))).toBeUndefined();
});

test.each(['', '{}', 'null', '[1]', '{"format":2}', '{"format":1,"sum":"x","body":{}}'])('%j is none', (text) => {
  expect(decodeGeneration(text)).toBeUndefined();
});

test('the content does not depend on the order of the keys', () => {
  expect(contentOf({ a: 1, b: { c: 2, d: 3 } })).toBe(contentOf({ b: { d: 3, c: 2 }, a: 1 }));
  expect(contentOf({ a: 1 })).not.toBe(contentOf({ a: 2 }));
});
