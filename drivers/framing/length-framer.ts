import type { Framer, FramerCounters } from '../framer.ts';
import { createFrameBuffer } from './frame-buffer.ts';

/** A frame is so many bytes as the length in front of it says; none is a frame too. */
export function createLengthFramer(
  prefixBytes: 1 | 2 | 4,
  endian: 'big' | 'little',
  buffer: Uint8Array,
  counters: FramerCounters,
): Framer {
  const frame = createFrameBuffer(buffer, counters);
  let prefixSeenBytes = 0;
  let length = 0;
  let bodySeenBytes = 0;
  let isJoining = false;
  const takePrefix = (byte: number) => {
    // Multiplied and not shifted: four bytes are more than a signed 32-bit number holds.
    length = endian === 'big' ? length * 256 + byte : length + byte * 256 ** prefixSeenBytes;
    prefixSeenBytes += 1;
    if (prefixSeenBytes === prefixBytes && length > buffer.byteLength) frame.overflow();
  };
  const begin = () => {
    prefixSeenBytes = 0;
    length = 0;
    bodySeenBytes = 0;
  };
  return {
    counters,
    join() {
      isJoining = true;
      frame.join();
    },
    push(chunk, emit) {
      if (isJoining) return frame.append(chunk); // Any of it may be a length.
      let index = 0;
      while (index < chunk.byteLength) {
        if (prefixSeenBytes < prefixBytes) {
          takePrefix(chunk[index] ?? 0);
          index += 1;
        } else {
          const body = chunk.subarray(index, index + length - bodySeenBytes);
          frame.append(body);
          bodySeenBytes += body.byteLength;
          index += body.byteLength;
        }
        if (prefixSeenBytes < prefixBytes || bodySeenBytes < length) continue;
        begin();
        frame.end(emit);
      }
    },
    expire() {
      if (isJoining || prefixSeenBytes > 0) frame.timeOut();
      isJoining = false;
      begin();
    },
  };
}
