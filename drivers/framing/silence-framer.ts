import type { Framer, FramerCounters } from '../framer.ts';
import { createFrameBuffer } from './frame-buffer.ts';

/** A frame is what came between two silences. */
export function createSilenceFramer(buffer: Uint8Array, counters: FramerCounters): Framer {
  const frame = createFrameBuffer(buffer, counters);
  return {
    counters,
    join: frame.join,
    push: (chunk) => frame.append(chunk),
    expire(emit) {
      if (!frame.isEmpty) frame.end(emit);
    },
  };
}
