import { byId, setText } from './dom.ts';

const pointsCount = 60;
const width = 240;
const height = 56;

/** A line of the last two minutes. What matters is its shape; the number beside it is exact. */
export interface Chart {
  add(value: number | undefined): void;
}

export function createChart(name: string, title: string, format: (value: number) => string): Chart {
  const svg = byId<SVGSVGElement>(`${name}-chart`);
  const now = byId(`${name}-now`);
  const area = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  area.setAttribute('class', 'area');
  line.setAttribute('class', 'trace');
  svg.append(area, line);
  const points: (number | undefined)[] = [];
  return {
    add(value) {
      points.push(value);
      if (points.length > pointsCount) points.shift();
      const known = points.filter((point) => point !== undefined);
      const most = Math.max(...known, 0);
      setText(now, value === undefined ? '–' : format(value));
      const text = known.length === 0 ? 'nothing yet' : `${format(known.at(-1) ?? 0)} lately, ${format(most)} at most`;
      svg.setAttribute('aria-label', `${title}, last two minutes: ${text}`);
      const path = pathOf(points, most === 0 ? 1 : most);
      line.setAttribute('d', path.line);
      area.setAttribute('d', path.area);
    },
  };
}

/** Where nothing was measured the line stays where it was. */
function pathOf(points: readonly (number | undefined)[], most: number): { line: string; area: string } {
  const step = width / (pointsCount - 1);
  const offset = pointsCount - points.length;
  let last: number | undefined;
  const steps = points.flatMap((point, index) => {
    last = point ?? last;
    if (last === undefined) return [];
    const x = ((offset + index) * step).toFixed(1);
    return [`${x} ${(height - 3 - (last / most) * (height - 8)).toFixed(1)}`];
  });
  if (steps.length === 0) return { line: '', area: '' };
  const line = `M${steps.join('L')}`;
  const start = steps[0]?.split(' ')[0] ?? '0';
  return { line, area: `${line}L${width} ${height}L${start} ${height}Z` };
}
