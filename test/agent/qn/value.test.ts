import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../agent/qn/message.ts';
import { applyMergePatch, createMergePatch, isEqualValue } from '../../../agent/qn/value.ts';
import { values } from './arbitraries.ts';

/** RFC 7396, appendix A: original, patch, result. */
const rows: readonly (readonly [string, string, string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];

describe('a merge patch', () => {
  it.each(rows)('makes of %s with %s %s', (original, patch, result) => {
    expect(applyMergePatch(JSON.parse(original), JSON.parse(patch))).toEqual(JSON.parse(result));
  });

  it('changes neither argument', () => {
    const target = { a: { b: 1 } };
    expect(applyMergePatch(target, { a: { b: 2 }, c: 3 })).toEqual({ a: { b: 2 }, c: 3 });
    expect(target).toEqual({ a: { b: 1 } });
  });

  it('with __proto__ changes no prototype', () => {
    const merged = applyMergePatch({}, JSON.parse('{"__proto__":{"a":1}}'));
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(Object.keys(merged as object)).toEqual(['__proto__']);
  });

  it.each<[Value, Value, Value | undefined]>([
    [{ a: 1, b: 2 }, { a: 1, b: 3 }, { b: 3 }],
    [{ a: 1, b: 2 }, { a: 1 }, { b: null }],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
    [1, {}, {}],
    [{ a: 1 }, null, null],
    [true, false, false],
    [{ a: [1] }, { a: [1, null] }, { a: [1, null] }],
    [{ a: 1 }, { a: 1 }, undefined],
    [{ a: 1 }, { a: null }, undefined],
    [{}, { a: { b: null } }, undefined],
  ])('from %j to %j is %j', (from, to, patch) => expect(createMergePatch(from, to)).toEqual(patch));

  it('that was made leads where it should, whenever one can be made', () => {
    const pairs = fc.oneof(
      fc.tuple(values, values),
      fc.tuple(values, values).map(([from, to]): [Value, Value] => [from, applyMergePatch(from, to)]),
    );
    fc.assert(
      fc.property(pairs, ([from, to]) => {
        const patch = createMergePatch(from, to);
        if (patch === undefined) expect(isEqualValue(from, to) || hasNullMember(to)).toBe(true);
        else expect(isEqualValue(applyMergePatch(from, patch), to)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** A null in an object that is reached through objects only. */
function hasNullMember(value: Value): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return false;
  return Object.values(value).some((item) => item === null || hasNullMember(item));
}

describe('values are equal', () => {
  it('to copies of themselves, and only then', () => {
    fc.assert(
      fc.property(values, values, (left, right) => {
        expect(isEqualValue(left, structuredClone(left))).toBe(true);
        expect(isEqualValue([left], [left, right])).toBe(false);
        expect(isEqualValue(left, right)).toBe(isEqualValue(right, left));
      }),
    );
  });

  it.each<[Value, Value, boolean]>([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { b: 1 }, false],
    [{ a: 1 }, { a: 1, b: 1 }, false],
    [[], {}, false],
    [[1, 2], [2, 1], false],
    [null, {}, false],
    [{}, null, false],
    [0, false, false],
    ['1', 1, false],
    [new Uint8Array([1]), new Uint8Array([1]), true],
    [new Uint8Array([1]), new Uint8Array([2]), false],
    [new Uint8Array([1]), [1], false],
    [{}, new Uint8Array(), false],
  ])('%j and %j: %j', (left, right, expected) => expect(isEqualValue(left, right)).toBe(expected));
});
