import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacketScanner } from '../../../agent/mqtt/packet-scanner.ts';

/** A PUBLISH with so many bytes behind the header. */
function packet(bodyBytes: number): Buffer {
  const length: number[] = [];
  let rest = bodyBytes;
  do {
    length.push((rest % 128) + (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Uint8Array.of(0x30, ...length), Buffer.alloc(bodyBytes, 0xff)]);
}

function scanInPieces(limitBytes: number, stream: Uint8Array, pieceBytes: number) {
  const scanner = createPacketScanner(limitBytes);
  const found: number[] = [];
  for (let at = 0; at < stream.byteLength; at += pieceBytes) {
    const size = scanner.scan(stream.subarray(at, at + pieceBytes));
    if (size !== undefined) found.push(size);
  }
  return { found, packetsCount: scanner.packetsCount };
}

describe('the scanner of packets', () => {
  it.each([0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])(
    'takes %d bytes of body at the limit',
    (bodyBytes) => {
      const stream = Buffer.concat([packet(bodyBytes), packet(0)]);
      const packetBytes = packet(bodyBytes).byteLength;
      expect(scanInPieces(packetBytes, stream, 65_536)).toEqual({ found: [], packetsCount: 2 });
      if (packetBytes > 2) expect(scanInPieces(packetBytes - 1, stream, 65_536).found).toEqual([packetBytes]);
    },
  );

  it('finds the same packets however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (bodies, pieceBytes) => {
          const stream = Buffer.concat(bodies.map(packet));
          expect(scanInPieces(1_000, stream, pieceBytes)).toEqual({ found: [], packetsCount: bodies.length });
        },
      ),
    );
  });

  it('tells the size as soon as the header is there, once, and follows nothing behind it', () => {
    const scanner = createPacketScanner(100);
    const large = packet(1_000);
    expect(scanner.scan(packet(98))).toBeUndefined();
    expect(scanner.scan(large.subarray(0, 2))).toBeUndefined();
    expect(scanner.scan(large.subarray(2, 3))).toBe(1_003);
    expect(scanner.scan(large.subarray(3))).toBeUndefined();
    expect(scanner.scan(packet(1_000))).toBeUndefined();
    expect(scanner.packetsCount).toBe(2);
  });

  it('leaves a length of five bytes to the parser', () => {
    const scanner = createPacketScanner(100);
    expect(scanner.scan(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x01))).toBeUndefined();
    expect(scanner.scan(packet(1_000))).toBeUndefined();
  });

  it('never fails, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
        const scanner = createPacketScanner(1_000);
        for (const chunk of chunks) expect(scanner.scan(chunk) ?? 1_001).toBeGreaterThan(1_000);
      }),
    );
  });
});
