import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDeframer } from '../../../firmware-bridge/link/deframer.ts';
import { encodeFrame } from '../../../firmware-bridge/link/frame.ts';
import { type FrameRow, fromHex, streamRows, toRow } from './vectors.ts';

/** What comes out when the bytes come in chunks of these sizes, over and over. */
function framesIn(wire: Uint8Array, chunkSizes: readonly number[]) {
  const deframer = createDeframer();
  const rows: FrameRow[] = [];
  for (let at = 0, turn = 0; at < wire.length; turn += 1) {
    const size = chunkSizes[turn % chunkSizes.length] ?? 1;
    deframer.push(wire.subarray(at, at + size), (frame) => rows.push(toRow(frame)));
    at += size;
  }
  return { rows, counters: deframer.counters };
}

describe('the stream vectors', () => {
  it('are all there', () => expect(streamRows).toHaveLength(3));

  it.each(streamRows.map((row, index) => [index, row] as const))(
    'stream %i gives its frames however it is cut',
    (_, row) => {
      const wire = fromHex(row.wire);
      const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });
      fc.assert(
        fc.property(sizes, (chunkSizes) => {
          expect(framesIn(wire, chunkSizes).rows).toEqual(row.frames);
        }),
      );
      expect(framesIn(wire, [1]).rows).toEqual(row.frames);
      expect(framesIn(wire, [wire.length]).rows).toEqual(row.frames);
    },
  );

  it.each(streamRows)('every byte is in a frame, a delimiter, or counted as discarded', ({ wire, frames }) => {
    const bytes = fromHex(wire);
    const delimiters = bytes.filter((byte) => byte === 0).length;
    const framed = frames.reduce((sum, { body }) => sum + body.length / 2 + 5, 0);
    const { counters } = framesIn(bytes, [13]);
    expect(counters.frames).toBe(frames.length);
    expect(counters.discardedBytes).toBe(bytes.length - delimiters - framed);
    expect(counters.discardedBytes).toBeGreaterThan(0);
  });
});

describe('a deframer', () => {
  const good = encodeFrame({ type: 4, seq: 7, body: Uint8Array.of(1, 0, 2) });
  const row = { type: 4, seq: 7, body: '010002' };

  it.each<[string, Uint8Array, number]>([
    ['noise', Uint8Array.of(9, 9, 9, 0), 3],
    ['half a frame', Uint8Array.of(...good.subarray(0, 4), 0), 4],
    ['a frame of 246 bytes', Uint8Array.of(...new Uint8Array(246).fill(1), 0), 246],
    ['100 000 bytes without end', Uint8Array.of(...new Uint8Array(100_000).fill(1), 0), 100_000],
    ['delimiters alone', Uint8Array.of(0, 0, 0), 0],
  ])('loses nothing but %s', (_, noise, discardedBytes) => {
    const { rows, counters } = framesIn(Uint8Array.of(...good, ...noise, ...good), [64]);
    expect(rows).toEqual([row, row]);
    expect(counters).toEqual({ frames: 2, discardedFrames: discardedBytes === 0 ? 0 : 1, discardedBytes });
  });

  it('gives bodies that stay as they are when more comes', () => {
    const deframer = createDeframer();
    const bodies: Uint8Array[] = [];
    const other = encodeFrame({ type: 4, seq: 8, body: Uint8Array.of(9, 9, 9) });
    for (const wire of [good, other]) deframer.push(wire, ({ body }) => bodies.push(body));
    expect(bodies).toEqual([Uint8Array.of(1, 0, 2), Uint8Array.of(9, 9, 9)]);
  });
});
