import type { Figure } from './figure.ts';

const rowPx = 22;
const [labelPx, chartPx, valuePx] = [380, 420, 150];

/**
 * The figures as a picture: each a dot on a scale of its unit that goes by powers of ten, the floor a ring beside it, red where
 * a target was missed. SVG, which every browser shows.
 */
export function plotFigures(title: string, figures: readonly Figure[]): string {
  const scales = new Map([...new Set(figures.map(({ unit }) => unit))].map((unit) => [unit, scaleOf(figures, unit)]));
  const rows = figures.map((row, index) => drawRow(row, scales.get(row.unit) ?? (() => 0), (index + 2) * rowPx));
  const [width, height] = [labelPx + chartPx + valuePx, (figures.length + 3) * rowPx];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="8" y="${rowPx}" font-size="14" font-weight="bold">${escape(title)}</text>`,
    ...rows,
    `<text x="8" y="${height - 8}" fill="gray">dot: measured, ring: floor; each unit has a scale of its own, by powers of ten</text>`,
    '</svg>\n',
  ].join('\n');
}

/** From 0 to 1; where there is one value only it stands at the left. */
function scaleOf(figures: readonly Figure[], unit: string): (value: number) => number {
  const values = figures
    .filter((row) => row.unit === unit)
    .flatMap(({ value, floor }) => [value, floor ?? value])
    .filter((value) => value > 0);
  const [least, most] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  return (value) => (value > 0 && most > least ? (Math.log10(value) - least) / (most - least) : 0);
}

function drawRow({ figure, value, unit, floor, pass }: Figure, scale: (value: number) => number, y: number): string {
  const x = (of: number) => (labelPx + 10 + scale(of) * (chartPx - 20)).toFixed(1);
  const color = pass === false ? 'crimson' : pass === true ? 'seagreen' : 'steelblue';
  const ring = floor === undefined ? '' : `<circle cx="${x(floor)}" cy="${y - 4}" r="5" fill="none" stroke="gray"/>`;
  return [
    `<text x="8" y="${y}">${escape(figure)}</text>`,
    `<line x1="${labelPx}" x2="${labelPx + chartPx}" y1="${y - 4}" y2="${y - 4}" stroke="#ddd"/>`,
    ring,
    `<circle cx="${x(value)}" cy="${y - 4}" r="4" fill="${color}"/>`,
    `<text x="${labelPx + chartPx + 8}" y="${y}">${value} ${escape(unit)}</text>`,
  ].join('');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
