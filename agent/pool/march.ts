/** Cells of memory; a Uint8Array is one, and so is a test's memory with a broken bit. */
export interface ByteCells {
  readonly length: number;
  [index: number]: number;
}

export interface MarchFault {
  readonly index: number;
  readonly expected: number;
  readonly found: number;
}

const zeros = 0x00;
const ones = 0xff;

/**
 * March C−: finds stuck bits, bits that cannot change, address faults and coupling between unlike bytes. Elements in
 * order, each over all bytes, ⇑ upwards and ⇓ downwards, r and w for read and write:
 *
 *   ⇑(w0)  ⇑(r0,w1)  ⇑(r1,w0)  ⇓(r0,w1)  ⇓(r1,w0)  ⇓(r0)
 *
 * Returns the first fault, or undefined. What was in the cells is lost; sound cells hold zero afterwards.
 * Not promised: that the processor's cache let the patterns through to the memory chips.
 */
export function marchTest(cells: ByteCells): MarchFault | undefined {
  for (let index = 0; index < cells.length; index += 1) cells[index] = zeros;
  return (
    marchUp(cells, zeros, ones) ??
    marchUp(cells, ones, zeros) ??
    marchDown(cells, zeros, ones) ??
    marchDown(cells, ones, zeros) ??
    marchDown(cells, zeros, zeros)
  );
}

function marchUp(cells: ByteCells, expected: number, written: number): MarchFault | undefined {
  for (let index = 0; index < cells.length; index += 1) {
    const found = cells[index];
    if (found !== expected) return { index, expected, found: found ?? Number.NaN };
    cells[index] = written;
  }
  return undefined;
}

function marchDown(cells: ByteCells, expected: number, written: number): MarchFault | undefined {
  for (let index = cells.length - 1; index >= 0; index -= 1) {
    const found = cells[index];
    if (found !== expected) return { index, expected, found: found ?? Number.NaN };
    cells[index] = written;
  }
  return undefined;
}
