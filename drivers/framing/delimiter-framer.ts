import type { Framer, FramerCounters } from '../framer.ts';
import { createFrameBuffer } from './frame-buffer.ts';

/**
 * A frame is what stands before a delimiter; nothing is a frame too. After an overlong frame it waits for the next
 * delimiter, through any silence: the tail of a frame must not pass for a frame.
 */
export function createDelimiterFramer(delimiter: string, buffer: Uint8Array, counters: FramerCounters): Framer {
  const pattern = Buffer.from(delimiter, 'utf8');
  if (pattern.byteLength === 0) throw new RangeError('a delimiter has at least one byte');
  const fallbacks = fallbacksOf(pattern);
  const frame = createFrameBuffer(buffer, counters);
  // So many bytes of the pattern came last; they are in the frame only if the pattern breaks off.
  let matchedBytes = 0;
  const takeByte = (byte: number, at: Uint8Array) => {
    while (matchedBytes > 0 && byte !== pattern[matchedBytes]) {
      const kept = fallbacks[matchedBytes] ?? 0;
      frame.append(pattern.subarray(0, matchedBytes - kept));
      matchedBytes = kept;
    }
    if (byte === pattern[matchedBytes]) matchedBytes += 1;
    else frame.append(at);
    return matchedBytes === pattern.byteLength;
  };
  return {
    counters,
    join: frame.join,
    push(chunk, emit) {
      let index = 0;
      while (index < chunk.byteLength) {
        const plain = matchedBytes === 0 ? plainBytes(chunk, index, pattern) : 0;
        frame.append(chunk.subarray(index, index + plain));
        index += plain;
        if (index === chunk.byteLength) return;
        const isEnd = takeByte(chunk[index] ?? 0, chunk.subarray(index, index + 1));
        index += 1;
        if (!isEnd) continue;
        matchedBytes = 0;
        frame.end(emit);
      }
    },
    expire() {
      if (frame.isSkipping || (frame.isEmpty && matchedBytes === 0)) return;
      frame.append(pattern.subarray(0, matchedBytes));
      matchedBytes = 0;
      frame.timeOut();
    },
  };
}

/** How many bytes from `index` on cannot begin the delimiter. */
function plainBytes(chunk: Uint8Array, index: number, pattern: Uint8Array): number {
  const found = chunk.indexOf(pattern[0] ?? 0, index);
  return (found === -1 ? chunk.byteLength : found) - index;
}

/** For each count of matched bytes: how many still match when the next one does not (Knuth, Morris and Pratt, 1977). */
function fallbacksOf(pattern: Uint8Array): readonly number[] {
  const fallbacks = [0, 0];
  let kept = 0;
  for (let index = 1; index < pattern.byteLength; index += 1) {
    while (kept > 0 && pattern[index] !== pattern[kept]) kept = fallbacks[kept] ?? 0;
    if (pattern[index] === pattern[kept]) kept += 1;
    fallbacks.push(kept);
  }
  return fallbacks;
}
