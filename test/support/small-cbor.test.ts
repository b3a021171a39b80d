import { describe, expect, it } from 'vitest';
import { decodeSmall, encodeSmall, type SmallValue } from './small-cbor.ts';

/** Value, and its bytes as RFC 8949, appendix A, has them or the same rules give. */
const rows: readonly (readonly [SmallValue, string])[] = [
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [1_000, '1903e8'],
  [1_000_000, '1a000f4240'],
  [true, 'f5'],
  [false, 'f4'],
  ['IETF', '6449455446'],
  [Uint8Array.of(1, 2, 3, 4), '4401020304'],
  [[1, [2, 3]], '8201820203'],
  [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
];

describe('the small CBOR of the tests', () => {
  it.each(rows)('%j is %s', (value, hex) => {
    expect(encodeSmall(value).toString('hex')).toBe(hex);
    const inMap = Buffer.from(`a16178${hex}`, 'hex'); // {"x": value}
    expect(decodeSmall(inMap)).toEqual({ x: value });
  });

  it('reads maps and lists that are ended by a break, as Zephyr sends them', () => {
    expect(decodeSmall(Buffer.from('bf61619f0102ffff', 'hex'))).toEqual({ a: [1, 2] });
  });

  it.each([
    ['cut short', 'a16161'],
    ['bytes behind the end', 'a000'],
    ['no map', '8101'],
    ['a number as key', 'a10102'],
    ['a float', 'a16161fb3ff199999999999a'],
    ['a negative number', 'a1616120'],
  ])('refuses %s', (_, hex) => expect(() => decodeSmall(Buffer.from(hex, 'hex'))).toThrow());
});
