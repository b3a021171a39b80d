import { linkEncodedBytesMax } from '../limits.ts';
import { decodeFrame, type LinkFrame } from './frame.ts';

/**
 * Cuts a stream of bytes into link frames, however it was cut into chunks. Noise costs the frames it hits and nothing
 * else (QN-8.5): at each delimiter it begins anew. Holds at most one frame; a longer one is thrown away to the end.
 */
export interface Deframer {
  /** The frame is the listener's. It must not throw. */
  push(chunk: Uint8Array, emit: (frame: LinkFrame) => void): void;
  readonly counters: DeframerCounters;
}

export interface DeframerCounters {
  readonly frames: number;
  /** What stood between two delimiters and was no frame. */
  readonly discardedFrames: number;
  /** Their bytes, delimiters not counted. */
  readonly discardedBytes: number;
}

export function createDeframer(): Deframer {
  const held = new Uint8Array(linkEncodedBytesMax);
  const counters = { frames: 0, discardedFrames: 0, discardedBytes: 0 };
  /** Counts on beyond what is held: such a frame is overlong. */
  let byteCount = 0;
  const end = (emit: (frame: LinkFrame) => void) => {
    const frame = byteCount <= held.length ? decodeFrame(held.subarray(0, byteCount)) : undefined;
    if (frame !== undefined) {
      counters.frames += 1;
      emit(frame);
    } else if (byteCount > 0) {
      counters.discardedFrames += 1;
      counters.discardedBytes += byteCount;
    }
    byteCount = 0;
  };
  return {
    counters,
    push(chunk, emit) {
      for (const byte of chunk) {
        if (byte === 0) end(emit);
        else {
          if (byteCount < held.length) held[byteCount] = byte;
          byteCount += 1;
        }
      }
    },
  };
}
