import { readFileSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from '../../drivers/system-error.ts';

/** Counts what a line of the simulated board did, from outside of the agent. */
export interface Edges {
  /** How many there were since the last call. */
  take(): number;
}

/** `rising`: a pulse is one of them, whatever brought the line down. `any`: for what only toggles. */
export function watchEdges(board: string, line: string, which: 'rising' | 'any'): Edges {
  const file = path.join(board, line, 'log');
  let seenNs = 0n;
  return {
    take() {
      // The board begins a new file now and then; one behind holds more than what comes between two calls.
      const rows = [...rowsOf(`${file}.1`), ...rowsOf(file)].filter(({ atNs }) => atNs > seenNs);
      seenNs = rows.at(-1)?.atNs ?? seenNs;
      return rows.filter(({ level }) => which === 'any' || level === '1').length;
    },
  };
}

function rowsOf(file: string): readonly { readonly atNs: bigint; readonly level: string }[] {
  return textOf(file)
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => {
      const [atNs = '', level = ''] = row.split(' ');
      return { atNs: BigInt(atNs), level };
    });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
