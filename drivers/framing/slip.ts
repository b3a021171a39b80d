import type { Framer, FramerCounters } from '../framer.ts';
import { createFrameBuffer } from './frame-buffer.ts';

// RFC 1055.
const end = 0xc0;
const escape = 0xdb;
const escapedEnd = 0xdc;
const escapedEscape = 0xdd;

/** Begins with an end as well, so that noise before it is a frame of its own and not part of this one. RFC 1055 */
export function encodeSlip(body: Uint8Array): Uint8Array {
  const frame = [end];
  for (const byte of body) {
    if (byte === end) frame.push(escape, escapedEnd);
    else if (byte === escape) frame.push(escape, escapedEscape);
    else frame.push(byte);
  }
  frame.push(end);
  return Uint8Array.from(frame);
}

/** Nothing between two ends is no frame. What is damaged is thrown away up to the next end, through any silence. */
export function createSlipFramer(buffer: Uint8Array, counters: FramerCounters): Framer {
  const frame = createFrameBuffer(buffer, counters);
  const one = new Uint8Array(1);
  let isEscaped = false;
  const append = (byte: number) => {
    one[0] = byte;
    frame.append(one);
  };
  const takeEscaped = (byte: number) => {
    isEscaped = false;
    if (byte === escapedEnd) append(end);
    else if (byte === escapedEscape) append(escape);
    else frame.damage();
  };
  return {
    counters,
    join: frame.join,
    push(chunk, emit) {
      for (const byte of chunk) {
        if (byte === end) {
          if (isEscaped) frame.damage();
          isEscaped = false;
          if (!frame.isEmpty) frame.end(emit);
        } else if (isEscaped) takeEscaped(byte);
        else if (byte === escape) isEscaped = true;
        else append(byte);
      }
    },
    expire() {
      if (frame.isSkipping || (frame.isEmpty && !isEscaped)) return;
      isEscaped = false;
      frame.timeOut();
    },
  };
}
