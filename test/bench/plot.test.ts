import { expect, test } from 'vitest';
import { figure } from './figure.ts';
import { plotFigures } from './plot.ts';

test('the plot has a dot for each figure, a ring for each floor, and says its text literally', () => {
  const svg = plotFigures('start & more', [
    figure('slow', 100, 'ms', { floor: 10, atMostTimesFloor: 2 }),
    figure('quick', 1, 'ms'),
    figure('nothing', 0, ''),
  ]);
  expect(svg.match(/r="4"/g)).toHaveLength(3);
  expect(svg.match(/r="5"/g)).toHaveLength(1);
  expect(svg).toContain('start &amp; more');
  expect(svg).toContain('crimson');
  expect(svg).not.toContain('NaN');
});

test('on a scale of powers of ten the middle is the middle', () => {
  const svg = plotFigures(
    'it',
    [1, 10, 100].map((value) => figure('it', value, 'ms')),
  );
  const places = [...svg.matchAll(/cx="([\d.]+)" cy="\d+" r="4"/g)].map(([, x]) => Number(x));
  expect((places[1] ?? 0) - (places[0] ?? 0)).toBeCloseTo((places[2] ?? 0) - (places[1] ?? 0));
});
