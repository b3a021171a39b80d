import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFramer, type Framer, type Framing } from '../../drivers/framer.ts';

const bufferBytes = 8;
const lines: Framing = { kind: 'delimiter', delimiter: '\r\n' };
const silence: Framing = { kind: 'silence' };

/** `!` is a silence, everything else comes as one chunk per text. */
interface Row {
  readonly title: string;
  readonly framing: Framing;
  readonly chunks: readonly string[];
  readonly frames: readonly string[];
  readonly counters?: Partial<Framer['counters']>;
}

const rows: readonly Row[] = [
  {
    title: 'two frames in one chunk',
    framing: lines,
    chunks: ['ab\r\ncd\r\n'],
    frames: ['ab', 'cd'],
    counters: { frames: 2 },
  },
  { title: 'a frame in pieces, cut inside the delimiter', framing: lines, chunks: ['a', 'b\r', '\n'], frames: ['ab'] },
  {
    title: 'a delimiter that breaks off belongs to the frame',
    framing: lines,
    chunks: ['a\rb\r\r\n'],
    frames: ['a\rb\r'],
  },
  { title: 'an empty frame', framing: lines, chunks: ['\r\n\r\n'], frames: ['', ''] },
  {
    title: 'a delimiter that begins inside itself',
    framing: { kind: 'delimiter', delimiter: 'aab' },
    chunks: ['xaaab', 'aab'],
    frames: ['xa', ''],
  },
  { title: 'a frame as long as the buffer', framing: lines, chunks: ['12345678\r\n'], frames: ['12345678'] },
  {
    title: 'a frame one byte too long is thrown away, the next one is not',
    framing: lines,
    chunks: ['123456789\r\nok\r\n'],
    frames: ['ok'],
    counters: { frames: 1, overlong: 1, discardedBytes: 9, timeouts: 0 },
  },
  {
    title: 'a silence does not let the tail of an overlong frame pass for a frame',
    framing: lines,
    chunks: ['123456789', '!', 'tail\r\nok\r\n'],
    frames: ['ok'],
    counters: { overlong: 1, discardedBytes: 13, timeouts: 0 },
  },
  {
    title: 'silence throws away a half frame with its half delimiter',
    framing: lines,
    chunks: ['abc\r', '!', '\nok\r\n'],
    frames: ['\nok'],
    counters: { timeouts: 1, discardedBytes: 4 },
  },
  {
    title: 'silence between frames is nothing',
    framing: lines,
    chunks: ['a\r\n', '!', '!'],
    frames: ['a'],
    counters: { timeouts: 0 },
  },
  {
    title: 'silence ends a frame',
    framing: silence,
    chunks: ['ab', 'c', '!', '!', 'd', '!'],
    frames: ['abc', 'd'],
    counters: { frames: 2 },
  },
  {
    title: 'without delimiter too a frame as long as the buffer is one',
    framing: silence,
    chunks: ['12345', '678', '!'],
    frames: ['12345678'],
  },
  {
    title: 'too long before the silence',
    framing: silence,
    chunks: ['12345', '6789', 'x', '!', 'ok', '!'],
    frames: ['ok'],
    counters: { overlong: 1, discardedBytes: 10, frames: 1 },
  },
  { title: 'a length of one byte', framing: length(1, 'big'), chunks: ['\x02ab\x01', 'c'], frames: ['ab', 'c'] },
  {
    title: 'big-endian, cut inside the length',
    framing: length(2, 'big'),
    chunks: ['\x00', '\x03ab', 'c'],
    frames: ['abc'],
  },
  { title: 'little-endian', framing: length(4, 'little'), chunks: ['\x02\x00\x00\x00ab'], frames: ['ab'] },
  { title: 'a length of nothing', framing: length(1, 'big'), chunks: ['\x00\x01a'], frames: ['', 'a'] },
  {
    title: 'a length as long as the buffer',
    framing: length(1, 'big'),
    chunks: ['\x0812345678'],
    frames: ['12345678'],
  },
  {
    title: 'a body that is too long is skipped, and the next frame found behind it',
    framing: length(1, 'big'),
    chunks: ['\x0912345', '6789\x01a'],
    frames: ['a'],
    counters: { overlong: 1, discardedBytes: 9, frames: 1 },
  },
  {
    title: 'a length of garbage costs no memory and ends with the silence',
    framing: length(4, 'big'),
    chunks: ['\xff\xff\xff\xffabc', '!', '\x00\x00\x00\x01a'],
    frames: ['a'],
    counters: { overlong: 1, timeouts: 1, discardedBytes: 3 },
  },
  {
    title: 'silence throws away a half body',
    framing: length(1, 'big'),
    chunks: ['\x05ab', '!', '\x01c'],
    frames: ['c'],
    counters: { timeouts: 1, discardedBytes: 2 },
  },
];

test.for(rows)('$title', ({ framing, chunks, frames, counters }) => {
  const framer = createFramer(framing, new Uint8Array(bufferBytes));
  const emitted: string[] = [];
  const emit = (frame: Uint8Array) => emitted.push(Buffer.from(frame).toString('latin1'));
  for (const chunk of chunks) {
    if (chunk === '!') framer.expire(emit);
    else framer.push(Buffer.from(chunk, 'latin1'), emit);
  }
  expect(emitted).toEqual(frames);
  expect(framer.counters).toMatchObject(counters ?? { overlong: 0, timeouts: 0, discardedBytes: 0 });
});

test('a frame is a view on the buffer, and the buffer bounds it', () => {
  const buffer = new Uint8Array(bufferBytes);
  const framer = createFramer(lines, buffer);
  framer.push(Buffer.from('ab\r\n'), (frame) => {
    expect(frame.buffer).toBe(buffer.buffer);
  });
  expect(framer.counters.frames).toBe(1);
});

test('an empty delimiter is refused', () => {
  expect(() => createFramer({ kind: 'delimiter', delimiter: '' }, new Uint8Array(1))).toThrow('at least one byte');
});

describe('however the stream is cut, the frames and the counters are the same', () => {
  const framings: readonly Framing[] = [
    lines,
    { kind: 'delimiter', delimiter: 'aab' },
    { kind: 'delimiter', delimiter: '\n' },
    silence,
    length(1, 'big'),
    length(2, 'little'),
    { kind: 'slip' },
    { kind: 'cobs' },
  ];
  // Few different bytes, so that delimiters, small lengths and near misses are frequent.
  const bytes = fc.array(fc.constantFrom(0, 1, 2, 13, 10, 97, 98, 0xc0, 0xdb, 0xdc, 0xdd), { maxLength: 60 });

  test.for(framings)('%o', (framing) => {
    fc.assert(
      fc.property(bytes, fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 60 }), (stream, cuts) => {
        expect(run(framing, cutBy(stream, cuts))).toEqual(run(framing, [Uint8Array.from(stream)]));
      }),
    );
  });

  test('delimited frames are those a split gives', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 60 }), (stream, cuts) => {
        const expected = Buffer.from(stream).toString('latin1').split('\r\n').slice(0, -1);
        expect(run(lines, cutBy(stream, cuts), 100).frames).toEqual(expected);
      }),
    );
  });
});

function length(bytes: 1 | 2 | 4, endian: 'big' | 'little'): Framing {
  return { kind: 'length', bytes, endian };
}

function run(framing: Framing, chunks: readonly Uint8Array[], framerBytes = bufferBytes) {
  const framer = createFramer(framing, new Uint8Array(framerBytes));
  const frames: string[] = [];
  const emit = (frame: Uint8Array) => frames.push(Buffer.from(frame).toString('latin1'));
  for (const chunk of chunks) framer.push(chunk, emit);
  framer.expire(emit);
  return { frames, counters: framer.counters };
}

function cutBy(stream: readonly number[], cuts: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let index = 0;
  for (const size of cuts) {
    chunks.push(Uint8Array.from(stream.slice(index, index + size)));
    index += size;
  }
  return [...chunks, Uint8Array.from(stream.slice(index))];
}
