import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIntelHex, readImage } from '../../../firmware-bridge/image/intel-hex.ts';

/** A record with the checksum it needs. */
function record(address: number, type: number, data: readonly number[]): string {
  const bytes = [data.length, address >> 8, address & 0xff, type, ...data];
  const checksum = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return `:${Buffer.from([...bytes, checksum])
    .toString('hex')
    .toUpperCase()}`;
}

const end = ':00000001FF';

describe('an Intel HEX file', () => {
  it('gives the bytes at their addresses, gaps as erased flash', () => {
    const text = [record(0, 0, [1, 2]), record(4, 0, [5]), record(0, 3, [0, 0, 0, 0]), end].join('\r\n');
    expect(parseIntelHex(text, 16)).toEqual({ ok: true, value: Uint8Array.of(1, 2, 0xff, 0xff, 5) });
  });

  it('may say its addresses in segments and upper halves', () => {
    const segments = [record(0, 2, [0x00, 0x01]), record(2, 0, [7]), end].join('\n'); // 0x0001 × 16 + 2
    expect(parseIntelHex(segments, 32)).toMatchObject({ ok: true, value: expect.objectContaining({ length: 19 }) });
    const upper = [record(0, 4, [0, 1]), record(0, 0, [7]), end].join('\n');
    expect(parseIntelHex(upper, 65_537)).toMatchObject({
      ok: true,
      value: expect.objectContaining({ length: 65_537 }),
    });
  });

  it.each([
    ['a turned digit', `${record(0, 0, [1, 2]).replace('0102', '0103')}\n${end}`, 'line 1: the checksum does not fit'],
    ['another length than it says', `:0300000001FC\n${end}`, 'line 1: no record of Intel HEX'],
    ['no hexadecimal digits', `:00000001FG`, 'line 1: no record of Intel HEX'],
    ['no end record', record(0, 0, [1]), 'it ends without an end record (:00000001FF); the file is cut short'],
    ['nothing but an end record', end, 'there is no byte of data in it'],
    [
      'a byte said twice',
      [record(0, 0, [1, 2]), record(1, 0, [2]), end].join('\n'),
      'line 2: address 0x1 is said twice',
    ],
    [
      'a byte behind the last',
      [record(15, 0, [1, 2]), end].join('\n'),
      'line 1: address 0xf is beyond the 16 bytes there are',
    ],
    ['an unknown type', [record(0, 9, []), end].join('\n'), 'line 1: records of type 9 are not known'],
  ])('with %s is refused, with the line', (_, text, error) => {
    expect(parseIntelHex(text, 16)).toEqual({ ok: false, error });
  });

  it('of any bytes comes back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 700 }), fc.integer({ min: 1, max: 32 }), (bytes, width) => {
        const lines: string[] = [];
        for (let at = 0; at < bytes.length; at += width) lines.push(record(at, 0, [...bytes.subarray(at, at + width)]));
        expect(readImage(Buffer.from([...lines, end].join('\n')), 1_024)).toEqual({ ok: true, value: bytes });
      }),
    );
  });
});

it('anything that does not begin with a colon is the image itself, within its bound', () => {
  expect(readImage(Uint8Array.of(0x0c, 0x94), 2)).toEqual({ ok: true, value: Uint8Array.of(0x0c, 0x94) });
  expect(readImage(Uint8Array.of(1, 2, 3), 2)).toEqual({ ok: false, error: '3 bytes; there is room for 2' });
  expect(readImage(new Uint8Array(), 2)).toEqual({ ok: false, error: 'the file is empty' });
});

it.each([
  ['an empty line', '\r\n'],
  ['the mark of an editor', '\u00ef\u00bb\u00bf'],
])('%s in front of an Intel HEX file does not make a program of its text', (_, front) => {
  const file = Buffer.from(`${front}${record(0, 0, [1, 2])}\r\n${end}\r\n`, 'latin1');
  expect(readImage(file, 1_024)).toEqual({ ok: true, value: Uint8Array.of(1, 2) });
});

it('an ELF file, which lies beside it, is refused with how to make an image of it', () => {
  const elf = Buffer.from('\x7fELF\x01\x01\x01', 'latin1');
  expect(readImage(elf, 1_024)).toEqual({ ok: false, error: expect.stringContaining('avr-objcopy -O ihex') });
});

it.each([
  '<!DOCTYPE html><title>404 Not Found</title>',
  'S00F000068656C6C6F202020202000003C',
  '\r\nversion https://git-lfs.github.com/spec/v1',
])('a text that is no Intel HEX is no program either: %j', (text) => {
  expect(readImage(Buffer.from(text), 1_024)).toEqual({ ok: false, error: expect.stringContaining('Intel HEX') });
});
