import { createCobsFramer } from './framing/cobs.ts';
import { createDelimiterFramer } from './framing/delimiter-framer.ts';
import { createLengthFramer } from './framing/length-framer.ts';
import { createSilenceFramer } from './framing/silence-framer.ts';
import { createSlipFramer } from './framing/slip.ts';

export type Framing =
  | { readonly kind: 'delimiter'; readonly delimiter: string }
  /** Whatever came until the line was silent. */
  | { readonly kind: 'silence' }
  /** A length in front: `bytes` wide; it counts the body only. */
  | { readonly kind: 'length'; readonly bytes: 1 | 2 | 4; readonly endian: 'big' | 'little' }
  /** RFC 1055. */
  | { readonly kind: 'slip' }
  /** Consistent overhead byte stuffing, a zero behind each frame. */
  | { readonly kind: 'cobs' };

/** Called once per frame, without its delimiter, length or stuffing; the frame is a view, valid during the call. Must not throw. */
export type EmitFrame = (frame: Uint8Array) => void;

/**
 * Cuts a stream of bytes into frames, however the system cut it into chunks. It holds at most one unfinished frame, in
 * the caller's buffer; a longer one is thrown away up to where the next can begin, and counted.
 */
export interface Framer {
  push(chunk: Uint8Array, emit: EmitFrame): void;
  /**
   * What comes may be the rest of a frame that began before anybody listened: it is thrown away up to its end, or to a
   * silence; behind a length no end can be seen, and only the silence counts.
   */
  join(): void;
  /** The line has been silent: ends a frame that silence ends, throws away any other unfinished one. */
  expire(emit: EmitFrame): void;
  readonly counters: FramerCounters;
}

/** The framer counts in them, and whoever throws more away. */
export interface FramerCounters {
  frames: number;
  /** Bytes of frames that were thrown away, for whatever reason; delimiters and lengths not counted. */
  discardedBytes: number;
  overlong: number;
  /** Unfinished frames that silence threw away. */
  timeouts: number;
  /** Frames that could not be decoded. */
  damaged: number;
  /** What came first and may have been the rest of a frame. */
  begun: number;
}

export const noFrames = (): FramerCounters => ({
  frames: 0,
  discardedBytes: 0,
  overlong: 0,
  timeouts: 0,
  damaged: 0,
  begun: 0,
});

/**
 * The longest frame is as long as the buffer. The buffer stays the caller's, who leaves it alone while he uses this.
 * `counters` go on from what they are.
 */
export function createFramer(framing: Framing, buffer: Uint8Array, counters = noFrames()): Framer {
  switch (framing.kind) {
    case 'delimiter':
      return createDelimiterFramer(framing.delimiter, buffer, counters);
    case 'silence':
      return createSilenceFramer(buffer, counters);
    case 'length':
      return createLengthFramer(framing.bytes, framing.endian, buffer, counters);
    case 'slip':
      return createSlipFramer(buffer, counters);
    case 'cobs':
      return createCobsFramer(buffer, counters);
  }
}
