import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPointer, parsePointer, resolvePointer } from '../../../agent/config/json-pointer.ts';
import type { Value } from '../../../agent/qn/message.ts';

// The document and the table of RFC 6901, section 5.
const document: Value = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
};

test.each<[string, Value]>([
  ['', document],
  ['/foo', ['bar', 'baz']],
  ['/foo/0', 'bar'],
  ['/', 0],
  ['/a~1b', 1],
  ['/c%d', 2],
  ['/e^f', 3],
  ['/g|h', 4],
  ['/i\\j', 5],
  ['/k"l', 6],
  ['/ ', 7],
  ['/m~0n', 8],
])('%j finds what the RFC says', (text, expected) => {
  expect(resolve(document, text)).toEqual(expected);
});

test.each([
  '/foo/2', // behind the last
  '/foo/-', // the item that does not exist yet
  '/foo/01', // leading zero
  '/foo/length',
  '/foo/1e0',
  '/foo/0/0', // into a text
  '/bar',
  '/__proto__',
  '/constructor/name',
  '/toString',
  '//0', // into a number
])('%j finds nothing', (text) => {
  expect(resolve(document, text)).toBeUndefined();
});

test('bytes and null have nothing inside', () => {
  expect(resolve({ bytes: new Uint8Array([7]), nothing: null }, '/bytes/0')).toBeUndefined();
  expect(resolve({ bytes: new Uint8Array([7]), nothing: null }, '/nothing/0')).toBeUndefined();
  expect(resolve({ nothing: null }, '/nothing')).toBeNull();
});

test('~01 is ~1 and not a slash', () => {
  expect(resolve({ '~1': 'tilde', '/': 'slash' }, '/~01')).toBe('tilde');
});

test.each([
  ['foo', 'a JSON pointer begins with /: foo'],
  ['#/foo', 'a JSON pointer begins with /: #/foo'],
  ['/a~2', 'in a JSON pointer ~ is written ~0 (and / inside a name ~1): /a~2'],
  ['/a~', 'in a JSON pointer ~ is written ~0 (and / inside a name ~1): /a~'],
])('%j is not a pointer', (text, error) => {
  expect(parsePointer(text)).toEqual({ ok: false, error });
});

test('what is formatted is parsed back to the same', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (path) => {
      expect(parsePointer(formatPointer(path))).toEqual({ ok: true, value: path });
    }),
  );
});

function resolve(value: Value, text: string): Value | undefined {
  const pointer = parsePointer(text);
  if (!pointer.ok) throw new Error(pointer.error);
  return resolvePointer(value, pointer.value);
}
