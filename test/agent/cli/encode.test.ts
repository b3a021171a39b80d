import { describe, expect, it } from 'vitest';
import { decodeVerb, parseHex } from '../../../agent/cli/decode.ts';
import { encodeVerb } from '../../../agent/cli/encode.ts';
import { parseTypedValue } from '../../../agent/cli/message-text.ts';
import { recordContext } from './context.ts';

describe('standard input in hexadecimal', () => {
  it('is one message a line, however it was cut, the last one without its end', async () => {
    const context = recordContext(['a1', '07f5\na1', '07', 'f4']);
    expect(await decodeVerb.run(context, [], { hex: true })).toBe(0);
    expect(context.outLines).toEqual(['{"t":"notify","val":true}', '{"t":"notify","val":false}']);
  });

  it.each([
    ['', ''],
    ['a1 07 F5', 'a107f5'],
    ['a1\r', 'a1'],
    ['a', undefined],
    ['0x12', undefined],
    ['zz', undefined],
  ])('%j is %j', (line, expected) => {
    const bytes = parseHex(line);
    expect(bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')).toBe(expected);
  });
});

describe('encode', () => {
  it('writes bytes as they are without --hex', async () => {
    const context = recordContext(['{"t":"notify","id":"7",', '"val":true}']);
    expect(await encodeVerb.run(context, [], { to: 'cbor' })).toBe(0);
    expect(context.outLines).toEqual(['a30004010707f5']);
  });

  it.each([
    ['true', '5141', '00000001'], // bool
    ['-1', '5142', 'ffffffff'], // i32
    ['4294967295', '5143', 'ffffffff'], // u32
    ['2.5', '5145', '000009c4'], // i32 × 10⁻³
    ['0.0001', '5144', '38d1b717'], // f32
  ])('finds the value type that holds %s', async (val, head, value) => {
    const context = recordContext([`{"t":"notify","id":"7","ts":0,"val":${val}}`]);
    expect(await encodeVerb.run(context, [], { to: 'compact' })).toBe(0);
    const [hex = ''] = context.outLines;
    expect([hex.length, hex.slice(0, 4), hex.slice(-8)]).toEqual([34, head, value]);
  });

  it.each(['{"channel":65536}', '{"channel":-1}', '{"ackWanted":1}', '{"valueType":"i8"}'])(
    'refuses compact %s',
    async (compact) => {
      const context = recordContext([`{"t":"notify","id":"7","val":1,"compact":${compact}}`]);
      expect(await encodeVerb.run(context, [], { to: 'compact' })).toBe(65);
      expect(JSON.parse(context.outLines[0]!)).toMatchObject({ refused: 'out-of-range' });
    },
  );
});

describe('a value as a person types it', () => {
  it.each([
    ['ON', 'ON'],
    ['12.5', 12.5],
    ['true', true],
    ['"12"', '12'],
    ['{"a":1}', { a: 1 }],
    ['two words', 'two words'],
    ['{"half', '{"half'],
  ])('%s is %j', (text, value) => {
    expect(parseTypedValue(text)).toEqual({ ok: true, value });
  });

  it('is something', () => {
    expect(parseTypedValue('')).toMatchObject({ ok: false });
  });
});
