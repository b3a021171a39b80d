import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFramer, type Framing } from '../../../drivers/framer.ts';
import { encodeCobs } from '../../../drivers/framing/cobs.ts';
import { encodeSlip } from '../../../drivers/framing/slip.ts';

const bufferBytes = 8;
const slip = { framing: { kind: 'slip' }, encode: encodeSlip } as const;
const cobs = { framing: { kind: 'cobs' }, encode: encodeCobs } as const;

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** `!` is a silence, everything else comes as one chunk per text, in hex. */
function run(framing: Framing, chunks: readonly (string | Uint8Array)[], framerBytes = bufferBytes) {
  const framer = createFramer(framing, new Uint8Array(framerBytes));
  const frames: string[] = [];
  const emit = (frame: Uint8Array) => frames.push(Buffer.from(frame).toString('hex'));
  for (const chunk of chunks) {
    if (chunk === '!') framer.expire(emit);
    else framer.push(typeof chunk === 'string' ? hex(chunk) : chunk, emit);
  }
  return { frames, counters: framer.counters };
}

describe('slip', () => {
  test.for([
    ['nothing special', '01 02', 'c0 01 02 c0'],
    ['an end and an escape', 'c0 db', 'c0 db dc db dd c0'],
    ['nothing', '', 'c0 c0'],
  ] as const)('writes %s', ([, body, frame]) => {
    expect(Buffer.from(encodeSlip(hex(body))).equals(hex(frame))).toBe(true);
  });

  test.for([
    ['ends between frames are nothing', ['c0 c0 01 c0 c0 c0 02 c0'], ['01', '02'], {}],
    ['a frame cut inside an escape', ['c0 01 db', 'dc c0'], ['01c0'], {}],
    [
      'an escape of nothing known costs its frame only',
      ['01 db 01 02 c0 03 c0'],
      ['03'],
      { damaged: 1, discardedBytes: 2 },
    ],
    ['an end right behind an escape', ['01 db c0 02 c0'], ['02'], { damaged: 1, discardedBytes: 1 }],
    ['silence throws away a half frame', ['01 02', '!', '03 c0'], ['03'], { timeouts: 1, discardedBytes: 2 }],
    ['silence throws away a half escape', ['db', '!', 'dc c0'], ['dc'], { timeouts: 1 }],
    ['silence between frames is nothing', ['01 c0', '!', '!'], ['01'], { timeouts: 0 }],
    ['a frame as long as the buffer', ['0102030405060708 c0'], ['0102030405060708'], {}],
    [
      'one byte too long',
      ['010203040506070809', '!', '0a c0 0b c0'],
      ['0b'],
      { overlong: 1, discardedBytes: 10, timeouts: 0 },
    ],
  ] as const)('reads: %s', ([, chunks, frames, counters]) => {
    expect(run(slip.framing, chunks)).toMatchObject({ frames, counters });
  });
});

describe('cobs', () => {
  test.for([
    ['nothing', '', '01 00'],
    ['a zero', '00', '01 01 00'],
    ['two zeros', '00 00', '01 01 01 00'],
    ['a zero in the middle', '11 22 00 33', '03 11 22 02 33 00'],
    ['a zero at the end', '11 00', '02 11 01 00'],
  ] as const)('writes %s', ([, body, frame]) => {
    expect(Buffer.from(encodeCobs(hex(body))).toString('hex')).toBe(hex(frame).toString('hex'));
  });

  // The examples of the paper around a full block.
  test.for([
    [254, [0xff], []],
    [255, [0xff], [0x02, 0xff]],
  ] as const)('writes %d bytes without a zero', ([count, head, tail]) => {
    const body = Uint8Array.from({ length: count }, (_, index) => index + 1);
    expect([...encodeCobs(body)]).toEqual([...head, ...body.subarray(0, 254), ...tail, 0]);
  });

  test.for([
    ['zeros between frames are nothing', ['00 00 02 01 00 00 02 02 00'], ['01', '02'], {}],
    ['a frame of nothing is one', ['01 00'], [''], {}],
    ['a frame cut anywhere', ['03', '11', '22 02', '33', '00'], ['11220033'], {}],
    ['a zero too early costs its frame only', ['05 11 22 00 02 33 00'], ['33'], { damaged: 1, discardedBytes: 2 }],
    ['silence throws away a half frame', ['05 11', '!', '02 33 00'], ['33'], { timeouts: 1, discardedBytes: 1 }],
    ['silence between frames is nothing', ['02 11 00', '!'], ['11'], { timeouts: 0 }],
    ['a frame as long as the buffer', ['09 0102030405060708 00'], ['0102030405060708'], {}],
    [
      'too long, through a silence',
      ['0a 010203040506070809', '!', '02 01 00 02 33 00'],
      ['33'],
      { overlong: 1, timeouts: 0 },
    ],
  ] as const)('reads: %s', ([, chunks, frames, counters]) => {
    expect(run(cobs.framing, chunks)).toMatchObject({ frames, counters });
  });
});

describe.each([slip, cobs])('$framing.kind both ways', ({ framing, encode }) => {
  const special = fc.constantFrom(0, 1, 0xc0, 0xdb, 0xdc, 0xdd, 0xff);
  const body = fc.uint8Array({ minLength: 1, maxLength: 600 });
  const tricky = fc.array(special, { minLength: 1, maxLength: 600 }).map((bytes) => Uint8Array.from(bytes));
  const bodies = fc.array(fc.oneof(body, tricky), { minLength: 1, maxLength: 5 });
  const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 40 });

  test('whatever is written is read again, however it is cut', () => {
    fc.assert(
      fc.property(bodies, cuts, (frames, sizes) => {
        const stream = Buffer.concat(frames.map((bytes) => encode(bytes)));
        const read = run(framing, cut(stream, sizes), 1_000);
        expect(read.frames).toEqual(frames.map((bytes) => Buffer.from(bytes).toString('hex')));
        expect(read.counters).toMatchObject({ discardedBytes: 0, damaged: 0 });
      }),
    );
  });

  test('garbage costs the frames it hits and nothing else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        cuts,
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
        (noise, sizes, last) => {
          const end = encode(Uint8Array.of(1)).at(-1) ?? 0;
          const stream = Buffer.concat([noise, Uint8Array.of(end), encode(last)]);
          expect(run(framing, cut(stream, sizes), 100).frames.at(-1)).toBe(Buffer.from(last).toString('hex'));
        },
      ),
    );
  });

  test('the end never stands inside a frame', () => {
    fc.assert(
      fc.property(fc.oneof(body, tricky), (bytes) => {
        const frame = encode(bytes);
        const end = frame.at(-1) ?? -1;
        const inner = framing.kind === 'slip' ? frame.subarray(1, -1) : frame.subarray(0, -1);
        expect(inner.includes(end)).toBe(false);
      }),
    );
  });
});

function cut(stream: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let index = 0;
  for (const size of sizes) {
    chunks.push(stream.subarray(index, index + size));
    index += size;
  }
  return [...chunks, stream.subarray(index)];
}
