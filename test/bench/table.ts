import type { Figure } from './figure.ts';

const headings = ['figure', 'value', 'unit', 'floor', 'ratio', 'target', ''] as const;

/** A table for people. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = [headings, ...figures.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => formatRow(row, widths)).join('\n');
}

function cellsOf({ figure, value, unit, floor, ratio, target, pass }: Figure): readonly string[] {
  const verdict = pass === undefined ? '' : pass ? 'pass' : 'MISS';
  return [figure, String(value), unit, String(floor ?? ''), String(ratio ?? ''), target ?? '', verdict];
}

/** Text to the left, numbers to the right. */
function formatRow(cells: readonly string[], widths: readonly number[]): string {
  const isNumber = (column: number) => column === 1 || column === 3 || column === 4;
  const padded = cells.map((cell, column) => {
    const width = widths[column] ?? 0;
    return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
  });
  return padded.join('  ').trimEnd();
}
