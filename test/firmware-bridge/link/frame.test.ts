import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCobs } from '../../../drivers/framing/cobs.ts';
import { linkBodyBytesMax, linkEncodedBytesMax } from '../../../firmware-bridge/limits.ts';
import { crc16 } from '../../../firmware-bridge/link/crc16.ts';
import { decodeCobs } from '../../../firmware-bridge/link/decode-cobs.ts';
import { decodeFrame, encodeFrame, type LinkFrame } from '../../../firmware-bridge/link/frame.ts';
import { frameRows, fromHex, toRow } from './vectors.ts';

it('the checksum of 123456789 is the one of CRC-16/IBM-3740', () => {
  expect(crc16(new TextEncoder().encode('123456789'))).toBe(0x29b1);
});

describe('byte stuffing', () => {
  it.each([
    ['', '01'],
    ['00', '0101'],
    ['0000', '010101'],
    ['11220033', '0311220233'],
    ['11000000', '0211010101'],
    ['01'.repeat(254), `ff${'01'.repeat(254)}`],
    ['01'.repeat(255), `ff${'01'.repeat(254)}0201`],
    [`${'01'.repeat(254)}00`, `ff${'01'.repeat(254)}0101`],
  ])('of %s is %s', (plain, stuffed) => {
    expect(Buffer.from(encodeCobs(fromHex(plain))).toString('hex')).toBe(`${stuffed}00`);
    expect(Buffer.from(decodeCobs(fromHex(stuffed)) ?? []).toString('hex')).toBe(plain);
  });

  it('leaves no zero but the last and comes back, whatever the bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 1_000 }).map((raw) => raw.map((byte) => (byte < 200 ? byte & 3 : byte)));
    fc.assert(
      fc.property(bytes, (plain) => {
        const stuffed = encodeCobs(plain);
        expect(stuffed.indexOf(0)).toBe(stuffed.length - 1);
        expect(decodeCobs(stuffed.subarray(0, -1))).toEqual(plain);
      }),
    );
  });

  it.each(['00', '0500', '03', '021100', '0411220033'])('%s is refused', (stuffed) => {
    expect(decodeCobs(fromHex(stuffed))).toBeUndefined();
  });
});

describe('the frame vectors', () => {
  it('are all there', () => expect(frameRows).toHaveLength(30));

  it.each(frameRows)('type $type seq $seq is the same both ways', ({ type, seq, body, wire }) => {
    const frame = { type, seq, body: fromHex(body) };
    expect(Buffer.from(encodeFrame(frame)).toString('hex')).toBe(wire);
    const decoded = decodeFrame(fromHex(wire).subarray(0, -1));
    expect(decoded && toRow(decoded)).toEqual({ type, seq, body });
  });
});

const byte = fc.integer({ min: 0, max: 255 });
const frames: fc.Arbitrary<LinkFrame> = fc.record({
  type: byte,
  seq: byte,
  body: fc.uint8Array({ maxLength: linkBodyBytesMax }),
});

describe('a frame', () => {
  it('comes back, and is never longer than what a receiver holds', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const wire = encodeFrame(frame);
        expect(wire.length).toBeLessThanOrEqual(linkEncodedBytesMax + 1);
        expect(decodeFrame(wire.subarray(0, -1))).toEqual(frame);
      }),
    );
  });

  it('with one bit turned is no frame', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.integer({ min: 0, max: 7 }), (frame, at, bit) => {
        const encoded = encodeFrame(frame).slice(0, -1);
        const index = at % encoded.length;
        encoded[index] = (encoded[index] ?? 0) ^ (1 << bit);
        expect(decodeFrame(encoded)).toBeUndefined();
      }),
    );
  });

  it('of 240 bytes is sent, one of 241 neither sent nor taken', () => {
    const long = { type: 4, seq: 0, body: new Uint8Array(241).fill(1) };
    expect(encodeFrame({ ...long, body: long.body.subarray(1) })).toHaveLength(246);
    expect(() => encodeFrame(long)).toThrow('link body longer than 240 bytes: 241');
    const plain = Uint8Array.of(4, 0, ...long.body);
    const crc = crc16(plain);
    expect(decodeFrame(encodeCobs(Uint8Array.of(...plain, crc >> 8, crc & 0xff)))).toBeUndefined();
  });

  it('that ends in a zero is still a frame without it: the checksum cannot see that (QN-8.5b)', () => {
    const found = Array.from({ length: 2_000 }, (_, index) => ({
      type: 3,
      seq: index & 0xff,
      body: Uint8Array.of(index >> 8, 7),
    }));
    const cut = found.filter((frame) => decodeCobs(encodeFrame(frame).subarray(0, -1))?.at(-1) === 0);
    expect(cut.length).toBeGreaterThan(0);
    for (const frame of cut) {
      expect(decodeFrame(encodeFrame(frame).subarray(0, -2))).toEqual({ ...frame, body: frame.body.subarray(0, 1) });
    }
  });

  it('shorter than type, seq and checksum is none', () => {
    expect(decodeFrame(encodeCobs(Uint8Array.of(0xe1, 0xf0)))).toBeUndefined();
    expect(decodeFrame(Uint8Array.of())).toBeUndefined();
  });
});
