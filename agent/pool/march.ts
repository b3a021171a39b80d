/** Cells of memory; a typed array is one, and so is a test's memory with a broken bit. */
export interface Cells {
  readonly length: number;
  [index: number]: number;
}

export interface MarchFault {
  readonly index: number;
  readonly expected: number;
  readonly found: number;
}

const zeros = 0;
const bytesPerWord = Int32Array.BYTES_PER_ELEMENT;

/**
 * March C− over this memory, in words of 32 bits, with a sign as V8 has its numbers: a third of the time of bytes, and the
 * whole pool is tested before the agent is ready. The fault, if there is one, tells the byte. What was in the memory is lost;
 * sound memory holds zeros afterwards. Not promised: that the processor's cache let the patterns through to the memory chips.
 */
export function marchTest(memory: Uint8Array): MarchFault | undefined {
  const { buffer, byteOffset, length } = memory;
  const start = Math.min(length, -byteOffset & (bytesPerWord - 1));
  const wordCount = Math.floor((length - start) / bytesPerWord);
  const end = start + wordCount * bytesPerWord;
  const fault = march(new Int32Array(buffer, byteOffset + start, wordCount), -1);
  if (fault !== undefined) return byteOf(fault, start);
  // Before and behind the words.
  return march(memory.subarray(0, start), 0xff) ?? moved(march(memory.subarray(end), 0xff), end);
}

/**
 * Finds stuck bits, bits that cannot change, address faults and coupling between cells. Elements in order, each over all
 * cells, ⇑ upwards and ⇓ downwards, r and w for read and write; 1 is a cell of `ones`:
 *
 *   ⇑(w0)  ⇑(r0,w1)  ⇑(r1,w0)  ⇓(r0,w1)  ⇓(r1,w0)  ⇓(r0)
 *
 * Returns the first fault, or undefined.
 */
export function march(cells: Cells, ones: number): MarchFault | undefined {
  for (let index = 0; index < cells.length; index += 1) cells[index] = zeros;
  return (
    marchUp(cells, zeros, ones) ??
    marchUp(cells, ones, zeros) ??
    marchDown(cells, zeros, ones) ??
    marchDown(cells, ones, zeros) ??
    marchDown(cells, zeros, zeros)
  );
}

function marchUp(cells: Cells, expected: number, written: number): MarchFault | undefined {
  for (let index = 0; index < cells.length; index += 1) {
    const found = cells[index];
    if (found !== expected) return { index, expected, found: found ?? Number.NaN };
    cells[index] = written;
  }
  return undefined;
}

function marchDown(cells: Cells, expected: number, written: number): MarchFault | undefined {
  for (let index = cells.length - 1; index >= 0; index -= 1) {
    const found = cells[index];
    if (found !== expected) return { index, expected, found: found ?? Number.NaN };
    cells[index] = written;
  }
  return undefined;
}

/** The first byte of a word that is not as it was written; ARM64 and x64 have the lowest first. */
export function byteOf({ index, expected, found }: MarchFault, start: number): MarchFault {
  const wrong = [0, 8, 16, 24].find((shift) => ((expected ^ found) >>> shift) & 0xff) ?? 0;
  const byte = (word: number) => (word >>> wrong) & 0xff;
  return { index: start + index * bytesPerWord + wrong / 8, expected: byte(expected), found: byte(found) };
}

function moved(fault: MarchFault | undefined, by: number): MarchFault | undefined {
  return fault === undefined ? undefined : { ...fault, index: fault.index + by };
}
