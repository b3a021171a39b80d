import type { EmitFrame, FramerCounters } from '../framer.ts';

/** The unfinished frame of a framer, and what happened to those before it. */
export interface FrameBuffer {
  readonly counters: FramerCounters;
  /** Nothing has come since the last end. */
  readonly isEmpty: boolean;
  /** It is overlong or damaged: what comes is thrown away until the end, through any silence. */
  readonly isSkipping: boolean;
  /** It may have begun before: what comes is thrown away until the end or a silence. */
  join(): void;
  append(bytes: Uint8Array): void;
  /** The frame is longer than the buffer: throws it away, what comes up to its end too. */
  overflow(): void;
  /** The frame cannot be decoded: the same. */
  damage(): void;
  /** Emits the frame, unless it was given up, and begins the next. */
  end(emit: EmitFrame): void;
  /** Throws the frame away because of silence, and begins the next. */
  timeOut(): void;
}

export function createFrameBuffer(buffer: Uint8Array, counters: FramerCounters): FrameBuffer {
  let usedBytes = 0;
  let isSkipping = false;
  let isJoining = false;
  const skip = () => {
    counters.discardedBytes += usedBytes;
    usedBytes = 0;
    isSkipping = true;
  };
  const overflow = () => {
    if (!isSkipping) counters.overlong += 1;
    skip();
  };
  return {
    counters,
    get isEmpty() {
      return usedBytes === 0 && !isSkipping;
    },
    get isSkipping() {
      return isSkipping && !isJoining;
    },
    join() {
      if (!isJoining) counters.begun += 1;
      isJoining = true;
      skip();
    },
    append(bytes) {
      if (!isSkipping && usedBytes + bytes.byteLength > buffer.byteLength) overflow();
      if (isSkipping) {
        counters.discardedBytes += bytes.byteLength;
        return;
      }
      buffer.set(bytes, usedBytes);
      usedBytes += bytes.byteLength;
    },
    overflow,
    damage() {
      if (!isSkipping) counters.damaged += 1;
      skip();
    },
    end(emit) {
      const frame = buffer.subarray(0, usedBytes);
      const isWhole = !isSkipping;
      usedBytes = 0;
      isSkipping = false;
      isJoining = false;
      if (!isWhole) return;
      counters.frames += 1;
      emit(frame);
    },
    timeOut() {
      if (!isJoining) counters.timeouts += 1;
      counters.discardedBytes += usedBytes;
      usedBytes = 0;
      isSkipping = false;
      isJoining = false;
    },
  };
}
