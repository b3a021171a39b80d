import { describe, expect, it } from 'vitest';
import { type ByteCells, marchTest } from '../../../agent/pool/march.ts';

/** Memory in which a write does what `broken` makes of it. */
function brokenMemory(length: number, broken: (cells: Uint8Array, index: number, value: number) => void): ByteCells {
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
    expect(marchTest(cells)).toBeUndefined();
    expect(cells).toEqual(new Uint8Array(64));
  });

  it.each([
    ['a bit stuck at 1', 0b100, 0, { index: 5, expected: 0x00, found: 0x04 }],
    ['a bit stuck at 0', 0, 0b100, { index: 5, expected: 0xff, found: 0xfb }],
  ])('finds %s', (_, stuckHigh, stuckLow, fault) => {
    const memory = brokenMemory(16, (cells, index, value) => {
      cells[index] = index === 5 ? (value | stuckHigh) & ~stuckLow : value;
    });
    expect(marchTest(memory)).toEqual(fault);
  });

  it.each([
    ['an earlier', 9, 3],
    ['a later', 3, 9],
  ])('finds a cell that writes into %s one', (_, aggressor, victim) => {
    const memory = brokenMemory(16, (cells, index, value) => {
      cells[index] = value;
      if (index === aggressor && value === 0xff) cells[victim] = 0xff;
    });
    expect(marchTest(memory)).toBeDefined();
  });

  it('finds two addresses that are one cell', () => {
    const memory = brokenMemory(16, (cells, index, value) => {
      cells[index] = value;
      if (index === 2) cells[10] = value;
      if (index === 10) cells[2] = value;
    });
    expect(marchTest(memory)).toBeDefined();
  });
});
