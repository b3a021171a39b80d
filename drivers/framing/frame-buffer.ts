import type { EmitFrame, FramerCounters } from '../framer.ts';

/** The unfinished frame of a framer, and what happened to those before it. */
export interface FrameBuffer {
  readonly counters: FramerCounters;
  /** Nothing has come since the last end. */
  readonly isEmpty: boolean;
  /** What comes is thrown away until the end. */
  readonly isOverlong: boolean;
  append(bytes: Uint8Array): void;
  /** The frame is longer than the buffer: throws it away, what comes up to its end too. */
  overflow(): void;
  /** Emits the frame, unless it is overlong, and begins the next. */
  end(emit: EmitFrame): void;
  /** Throws the frame away because of silence, and begins the next. */
  timeOut(): void;
}

export function createFrameBuffer(buffer: Uint8Array): FrameBuffer {
  const counters = { frames: 0, discardedBytes: 0, overlong: 0, timeouts: 0 };
  let usedBytes = 0;
  let isOverlong = false;
  const overflow = () => {
    if (!isOverlong) counters.overlong += 1;
    counters.discardedBytes += usedBytes;
    usedBytes = 0;
    isOverlong = true;
  };
  return {
    counters,
    get isEmpty() {
      return usedBytes === 0 && !isOverlong;
    },
    get isOverlong() {
      return isOverlong;
    },
    append(bytes) {
      if (!isOverlong && usedBytes + bytes.byteLength > buffer.byteLength) overflow();
      if (isOverlong) {
        counters.discardedBytes += bytes.byteLength;
        return;
      }
      buffer.set(bytes, usedBytes);
      usedBytes += bytes.byteLength;
    },
    overflow,
    end(emit) {
      const frame = buffer.subarray(0, usedBytes);
      const isWhole = !isOverlong;
      usedBytes = 0;
      isOverlong = false;
      if (!isWhole) return;
      counters.frames += 1;
      emit(frame);
    },
    timeOut() {
      counters.timeouts += 1;
      counters.discardedBytes += usedBytes;
      usedBytes = 0;
      isOverlong = false;
    },
  };
}
