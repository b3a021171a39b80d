import { describe, expect, it } from 'vitest';
import { byteOf, type Cells, march, marchTest } from '../../../agent/pool/march.ts';

/** Memory in which a write does what `broken` makes of it. */
function brokenMemory(length: number, broken: (cells: Uint8Array, index: number, value: number) => void): Cells {
  const cells = new Uint8Array(length);
  return new Proxy(cells, {
    get: (_, name) => (name === 'length' ? length : cells[Number(name)]),
    set(_, name, value: number) {
      broken(cells, Number(name), value);
      return true;
    },
  });
}

describe('the march test', () => {
  it('finds nothing in sound memory, and leaves zeros', () => {
    const cells = new Uint8Array(64).fill(7);
    expect(march(cells, 0xff)).toBeUndefined();
    expect(cells).toEqual(new Uint8Array(64));
  });

  it.each([0, 1, 2, 3, 7, 8, 61])('covers each byte of a piece that begins at %i, and none beside it', (start) => {
    const memory = new Uint8Array(80).fill(7);
    const piece = memory.subarray(start, start + 17);
    expect(marchTest(piece)).toBeUndefined();
    expect([...memory]).toEqual([...memory.keys()].map((index) => (index >= start && index < start + 17 ? 0 : 7)));
  });

  it.each([
    [0, 0x0000_0004, { index: 3 + 8, expected: 0x00, found: 0x04 }],
    [0, 0x0004_0000, { index: 3 + 8 + 2, expected: 0x00, found: 0x04 }],
    [0xffff_ffff, 0x7fff_ffff, { index: 3 + 8 + 3, expected: 0xff, found: 0x7f }],
  ])('tells the byte of a word that should be %i and is %i', (expected, found, fault) => {
    expect(byteOf({ index: 2, expected, found }, 3)).toEqual(fault);
  });

  it.each([
    ['a bit stuck at 1', 0b100, 0, { index: 5, expected: 0x00, found: 0x04 }],
    ['a bit stuck at 0', 0, 0b100, { index: 5, expected: 0xff, found: 0xfb }],
  ])('finds %s', (_, stuckHigh, stuckLow, fault) => {
    const memory = brokenMemory(16, (cells, index, value) => {
      cells[index] = index === 5 ? (value | stuckHigh) & ~stuckLow : value;
    });
    expect(march(memory, 0xff)).toEqual(fault);
  });

  it.each([
    ['an earlier', 9, 3],
    ['a later', 3, 9],
  ])('finds a cell that writes into %s one', (_, aggressor, victim) => {
    const memory = brokenMemory(16, (cells, index, value) => {
      cells[index] = value;
      if (index === aggressor && value === 0xff) cells[victim] = 0xff;
    });
    expect(march(memory, 0xff)).toBeDefined();
  });

  it('finds two addresses that are one cell', () => {
    const memory = brokenMemory(16, (cells, index, value) => {
      cells[index] = value;
      if (index === 2) cells[10] = value;
      if (index === 10) cells[2] = value;
    });
    expect(march(memory, 0xff)).toBeDefined();
  });
});
