import { expect, test } from 'vitest';
import { createFramer, type Framer, type Framing } from '../../../drivers/framer.ts';

/** `!` is a silence, everything else comes as one chunk per text, the first of them maybe in the middle of a frame. */
interface Row {
  readonly title: string;
  readonly framing: Framing;
  readonly chunks: readonly string[];
  readonly frames: readonly string[];
  readonly counters: Partial<Framer['counters']>;
}

const rows: readonly Row[] = [
  {
    title: 'what may have begun before is thrown away up to its end, however long it is',
    framing: { kind: 'delimiter', delimiter: '\r\n' },
    chunks: ['2.5', '0 kg of it\r', '\nok\r\n'],
    frames: ['ok'],
    counters: { begun: 1, discardedBytes: 13, overlong: 0, timeouts: 0, frames: 1 },
  },
  {
    title: 'or up to a silence',
    framing: { kind: 'delimiter', delimiter: '\r\n' },
    chunks: ['2.5\r', '!', 'ok\r\n'],
    frames: ['ok'],
    counters: { begun: 1, discardedBytes: 4, timeouts: 0 },
  },
  {
    title: 'without delimiter up to a silence',
    framing: { kind: 'silence' },
    chunks: ['tail', '!', 'ok', '!'],
    frames: ['ok'],
    counters: { begun: 1, discardedBytes: 4 },
  },
  {
    title: 'and where any byte may be a length',
    framing: { kind: 'length', bytes: 1, endian: 'big' },
    chunks: ['tail\x01a', '!', '\x02ok'],
    frames: ['ok'],
    counters: { begun: 1, discardedBytes: 6, timeouts: 0 },
  },
  {
    title: 'the tail of a SLIP frame, damaged or not',
    framing: { kind: 'slip' },
    chunks: ['a\xdbb\xc0\xc0ok\xc0'],
    frames: ['ok'],
    counters: { begun: 1, discardedBytes: 1, damaged: 0 },
  },
  {
    title: 'the tail of a COBS frame that would be one by itself',
    framing: { kind: 'cobs' },
    chunks: ['\x02a\x00\x03ok\x00'],
    frames: ['ok'],
    counters: { begun: 1, discardedBytes: 1, damaged: 0 },
  },
  {
    title: 'a COBS frame of which only the zero was left costs no other',
    framing: { kind: 'cobs' },
    chunks: ['\x00\x03ok\x00'],
    frames: ['ok'],
    counters: { begun: 1, discardedBytes: 0 },
  },
];

test.for(rows)('$title', ({ framing, chunks, frames, counters }) => {
  const framer = createFramer(framing, new Uint8Array(8));
  const emitted: string[] = [];
  const emit = (frame: Uint8Array) => emitted.push(Buffer.from(frame).toString('latin1'));
  framer.join();
  for (const chunk of chunks) {
    if (chunk === '!') framer.expire(emit);
    else framer.push(Buffer.from(chunk, 'latin1'), emit);
  }
  expect(emitted).toEqual(frames);
  expect(framer.counters).toMatchObject(counters);
});
