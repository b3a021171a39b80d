import { expect, test } from 'vitest';
import { createDistribution, distributionFigures } from './distribution.ts';
import { figure, type Judgement } from './figure.ts';
import { formatFigures } from './table.ts';

const rows: readonly (readonly [string, number, Judgement, object])[] = [
  ['at the bound passes', 20, { atMost: 20 }, { target: '<= 20', pass: true }],
  ['over it is a miss', 20.1, { atMost: 20 }, { target: '<= 20', pass: false }],
  ['under a least bound is a miss', 7, { atLeast: 8 }, { target: '>= 8', pass: false }],
  [
    'at a multiple of the floor passes',
    3,
    { floor: 2, atMostTimesFloor: 1.5 },
    { ratio: 1.5, target: '<= 1.5 x floor', pass: true },
  ],
  [
    'less than a part of the floor is a miss',
    1,
    { floor: 2, atLeastTimesFloor: 0.8 },
    { ratio: 0.5, target: '>= 0.8 x floor', pass: false },
  ],
  ['a multiple of an unknown floor is a miss', 1, { atMostTimesFloor: 1.5 }, { pass: false }],
];

test.for(rows)('a figure %s', ([, value, judgement, judged]) => {
  expect(figure('it', value, 'ms', judgement)).toMatchObject(judged);
});

test('without a target nothing is judged', () => {
  expect(figure('it', 1.23456, 'ms')).toEqual({ figure: 'it', value: 1.235, unit: 'ms' });
});

test('a distribution tells its percentiles, with the floor beside each', () => {
  const [measured, floor] = [createDistribution(), createDistribution()];
  for (let ms = 1; ms <= 1_000; ms += 1) {
    measured.addMs(ms);
    floor.addMs(ms / 2);
  }
  const figures = distributionFigures('it', measured, { floor, judged: { p99: { atMost: 900 } } });
  const [p50, p99, p999, max] = figures;
  expect([p50?.value, p999?.value, max?.value].map((value) => Math.round(value ?? 0))).toEqual([500, 999, 1000]);
  expect(figures.every(({ ratio }) => Math.abs((ratio ?? 0) - 2) < 0.01)).toBe(true);
  expect(p99).toMatchObject({ figure: 'it p99', target: '<= 900', pass: false });
  expect(formatFigures(figures)).toMatch(/^figure .*\nit p50 .*\nit p99 .*<= 900 {2}MISS\n/);
});
