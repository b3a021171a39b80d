import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkConfig } from '../../../agent/config/check.ts';
import { formatFault } from '../../../agent/config/fault.ts';
import { configDepthMax, configFileBytesMax, configNodesMax } from '../../../agent/config/limits.ts';
import { faultCases } from './cases/all-cases.ts';
import { validHead } from './cases/fault-case.ts';

const fill = (unit: string) => unit.repeat(Math.floor(configFileBytesMax / unit.length));

test('aliases that write out a billion words are refused before they are written out', () => {
  const rows = Array.from({ length: 9 }, (_, row) => {
    const inner = row === 0 ? 'x' : `*a${row - 1}`;
    return `a${row}: &a${row} [${Array.from({ length: 10 }, () => inner).join(', ')}]`;
  });
  expect(faultsOf(rows.join('\n'))).toEqual([`c.yaml:1:1: more than ${configNodesMax} keys and values`]);
});

test.each([
  ['values', `a: &a ${'x'.repeat(30_000)}\nb: [${'*a,'.repeat(1_000)}]`],
  ['keys', `a: &a { ? ${'x'.repeat(30_000)} : 1 }\nb: [${'*a,'.repeat(1_000)}]`],
])('aliases of long %s are refused before they are written out', (_, text) => {
  expect(faultsOf(text)).toEqual([`c.yaml:1:1: more than ${configNodesMax} keys and values`]);
});

test('as many keys and values as the bound are taken, more are refused', () => {
  const listOf = (count: number) => faultsOf(`groups: [${'a,'.repeat(count)}]`).join('\n');
  // The map and the list are two of them.
  expect(listOf(configNodesMax - 2)).toMatch(/: node is missing/);
  expect(listOf(configNodesMax - 1)).toBe(`c.yaml:1:1: more than ${configNodesMax} keys and values`);
});

test('nesting at the bound is taken, deeper is refused', () => {
  const nested = (depth: number) => faultsOf(`${validHead}x: ${'['.repeat(depth)}${']'.repeat(depth)}`);
  expect(nested(configDepthMax - 1)).toEqual([expect.stringMatching(/unknown key "x"/)]);
  expect(nested(configDepthMax)).toEqual([expect.stringMatching(/nested deeper than 32 levels$/)]);
});

test.each([
  ['flow lists', fill('[')],
  ['flow maps', fill('{a: ')],
  ['block lists', fill('- ')],
  ['keys', fill('? ')],
])('a file full of %s is refused once', (_, text) => {
  expect(faultsOf(text)).toEqual([expect.stringMatching(/nested deeper than 32 levels$/)]);
});

test.each([
  ['different keys', Array.from({ length: 30_000 }, (_, index) => `k${index}: 1`).join('\n')],
  ['the same key', fill('k: 1\n')],
  ['aliases', `a: &a [1]\nb: [${'*a, '.repeat(60_000)}]`],
  ['tags', fill('!')],
  ['anchors', fill('&a ')],
  ['colons', fill(': ')],
  ['quotes', fill('"')],
  ['empty lines', fill('\n')],
  ['documents', fill('---\n')],
  ['NUL', fill('\0')],
  ['one long word', `${validHead}state-folder: ${fill('x')}`],
  ['one long key', `${validHead}${fill('x').slice(1_024)}: 1`],
])('a file full of %s is refused with short messages', (_, text) => {
  const faults = faultsOf(text);
  expect(faults.length).toBeGreaterThan(0);
  expect(faults.length).toBeLessThanOrEqual(100);
  expect(Math.max(...faults.map((fault) => fault.length))).toBeLessThan(1_000);
});

test.each(['__proto__', 'constructor', 'prototype', '"__proto__"', '"\\x5f_proto__"'])(
  '%s reaches no prototype',
  (key) => {
    const texts = [`${key}: { polluted: 1 }`, `documents: { ${key}: { driver: gpio-out } }`, `mqtt: { ${key}: [] }`];
    for (const text of texts) {
      expect(faultsOf(text)).toEqual([expect.stringMatching(/ is not allowed as a key$/)]);
    }
    expect('polluted' in {}).toBe(false);
  },
);

test.each(['*', '|', '>', '!', '!!', '!x!'])('a password that begins with %s is not told', (sign) => {
  const faults = faultsOf(`node: pi-1\nmqtt:\n  brokers: [{ url: "mqtt://h" }]\n  password: ${sign}s3cret\n`);
  expect(faults.length).toBeGreaterThan(0);
  expect(faults.filter((fault) => fault.includes('s3cret'))).toEqual([]);
});

test('half of a character, which no message could tell, is a fault as a value and as a key', () => {
  const withName = (name: string) => `node: pi-1\nmqtt:\n  brokers: [{ url: "mqtt://h" }]\n  username: ${name}\n`;
  const half = 'half of a character (a lone surrogate)';
  expect(faultsOf(withName('"\\ud800"'))).toEqual([`c.yaml:4:13: /mqtt/username: ${half}`]);
  expect(faultsOf(`${withName('me')}"\\udc00": 1\n`)).toEqual([expect.stringContaining(half)]);
  expect(faultsOf(withName('"\\ud83d\\ude00"'))).toEqual([]);
});

test('names every object has are unknown keys like any other', () => {
  expect(faultsOf(`${validHead}toString: 1\nhasOwnProperty: 1\nlog: { valueOf: 1 }`)).toEqual([
    expect.stringMatching(/^c\.yaml:3:1: \/toString: unknown key/),
    expect.stringMatching(/^c\.yaml:4:1: \/hasOwnProperty: unknown key/),
    expect.stringMatching(/^c\.yaml:5:8: \/log\/valueOf: unknown key/),
  ]);
});

test('no text makes it throw, and every fault has a place and one line', () => {
  const snippets = Object.values(faultCases).map(({ yaml }) => yaml);
  const punctuation = fc.constantFrom(
    ...'[]{}:,-?&*!|>\'"%@`#\n\t \\~.0aé\u{1F600}\0\uFEFF'.split(''),
    '<<',
    '---',
    '...',
  );
  const pieces = fc.oneof(punctuation, fc.constantFrom(...snippets), fc.string());
  const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, fc.nat(200), (text, cut) => {
      for (const input of [text, text.slice(cut), `${validHead}${text}`]) {
        for (const fault of faultsOf(input))
          expect(fault).toMatch(/^c\.yaml:\d+:\d+: [^\n]+$|^c\.yaml: and \d+ more faults$/);
      }
    }),
    { numRuns: 500 },
  );
});

test('no value in the place of a right one makes it throw', () => {
  const whole = {
    node: 'n',
    groups: ['a'],
    mqtt: { brokers: [{ url: 'mqtt://h', key: 'env:K' }], password: 'env:P' },
    documents: {
      a: { driver: 'gpio-out', line: { chip: 'c', offset: 1 }, safe: { boot: 'on' } },
      b: { driver: 'serial-line', port: '/dev/x', max: '1KiB' },
    },
    bindings: [{ on: 'x', select: '/a', map: { a: 1 }, to: 'a' }],
    health: { interval: '60s' },
  };
  const paths = pathsOf(whole);
  expect(paths.length).toBeGreaterThan(25);
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
      const text = JSON.stringify(replaceAt(whole, path, value));
      expect(() => faultsOf(text)).not.toThrow();
    }),
    { numRuns: 500 },
  );
});

function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaceAt(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value))
    return value.map((item, index) => (`${index}` === key ? replaceAt(item, rest, other) : item));
  const map = value as { readonly [key: string]: unknown };
  return { ...map, [key]: replaceAt(map[key], rest, other) };
}

function faultsOf(text: string): readonly string[] {
  const checked = checkConfig(text, 'c.yaml');
  return checked.ok ? [] : checked.error.map(formatFault);
}
