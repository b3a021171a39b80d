import type { Framer, FramerCounters } from '../framer.ts';
import { createFrameBuffer } from './frame-buffer.ts';

/** Bytes of a block that no zero ends, its code not counted. */
const fullBlockBytes = 254;
const zero = Uint8Array.of(0);

/**
 * Consistent overhead byte stuffing (Cheshire and Baker, 1999), and the zero that ends the frame: no other zero is in it.
 * Each block begins with its length; a block that is not full stands for its bytes and a zero behind them, which the last
 * block does without.
 */
export function encodeCobs(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(body.byteLength + Math.ceil((body.byteLength + 1) / fullBlockBytes) + 1);
  let codeIndex = 0;
  let writeIndex = 1;
  const closeBlock = () => {
    frame[codeIndex] = writeIndex - codeIndex;
    codeIndex = writeIndex;
    writeIndex += 1;
  };
  for (const [index, byte] of body.entries()) {
    if (byte !== 0) {
      frame[writeIndex] = byte;
      writeIndex += 1;
    }
    const isFull = writeIndex - codeIndex > fullBlockBytes && index + 1 < body.byteLength;
    if (byte === 0 || isFull) closeBlock();
  }
  closeBlock();
  return frame.subarray(0, writeIndex); // The last code was set; the byte behind it is the zero.
}

/** A frame ends with a zero; nothing between two zeros is no frame. What is damaged costs the frame up to its zero. */
export function createCobsFramer(buffer: Uint8Array, counters: FramerCounters): Framer {
  const frame = createFrameBuffer(buffer, counters);
  /** Bytes still to come in this block; 0: a code comes next. */
  let blockLeftBytes = 0;
  /** A zero stands before the next block. */
  let isZeroOwed = false;
  let isBegun = false;
  const begin = () => {
    blockLeftBytes = 0;
    isZeroOwed = false;
    isBegun = false;
  };
  const takeCode = (code: number) => {
    if (isZeroOwed) frame.append(zero);
    blockLeftBytes = code - 1;
    isZeroOwed = blockLeftBytes < fullBlockBytes;
    isBegun = true;
  };
  /** Bytes of a block go in as one piece; how many that were. */
  const takeBlock = (chunk: Uint8Array, index: number): number => {
    const rest = chunk.subarray(index, index + blockLeftBytes);
    const zeroIndex = rest.indexOf(0);
    const piece = zeroIndex === -1 ? rest : rest.subarray(0, zeroIndex);
    frame.append(piece);
    blockLeftBytes -= piece.byteLength;
    return piece.byteLength;
  };
  return {
    counters,
    join: frame.join,
    push(chunk, emit) {
      let index = 0;
      while (index < chunk.byteLength) {
        const byte = chunk[index] ?? 0;
        if (byte === 0) {
          if (blockLeftBytes > 0) frame.damage();
          if (isBegun || !frame.isEmpty) frame.end(emit);
          begin();
        } else if (blockLeftBytes === 0) takeCode(byte);
        else {
          index += takeBlock(chunk, index);
          continue;
        }
        index += 1;
      }
    },
    expire() {
      if (!isBegun || frame.isSkipping) return;
      begin();
      frame.timeOut();
    },
  };
}
