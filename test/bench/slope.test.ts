import { expect, test } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import { slopeOf } from './slope.ts';

const places = Array.from({ length: 100 }, (_, index) => index);

test('a straight line has its slope, and nothing is unsure about it', () => {
  const { perUnit, halfWidth } = slopeOf(places.map((x) => [x, 3 * x + 5] as const));
  expect(perUnit).toBeCloseTo(3);
  expect(halfWidth).toBeCloseTo(0);
});

test('noise around a level is a slope of zero, as far as one can tell, 19 times in 20', () => {
  const random = seededRandom(7);
  const isZero = Array.from({ length: 200 }, () => {
    const { perUnit, halfWidth } = slopeOf(places.map((x) => [x, random()] as const));
    return Math.abs(perUnit) <= halfWidth;
  });
  expect(isZero.filter(Boolean).length / 200).toBeGreaterThan(0.9);
  expect(isZero.filter(Boolean).length / 200).toBeLessThan(0.99);
});

test('a slope that stands out of the noise is told', () => {
  const random = seededRandom(8);
  const { perUnit, halfWidth } = slopeOf(places.map((x) => [x, random() + x / 20] as const));
  expect(perUnit).toBeGreaterThan(halfWidth);
});

test('the interval is that of the tables: five points, three degrees of freedom', () => {
  // y = 0, 1, 0, 1, 0 has the slope 0 and the rest 1.2: t = 3.182, so 3.182 * sqrt(1.2 / 3 / 10).
  const { halfWidth } = slopeOf([0, 1, 0, 1, 0].map((y, x) => [x, y] as const));
  expect(halfWidth).toBeCloseTo(3.182 * Math.sqrt(0.04), 1);
});

test('two points say nothing for sure', () => {
  expect(
    slopeOf([
      [0, 1],
      [1, 2],
    ]),
  ).toEqual({ perUnit: 1, halfWidth: Number.POSITIVE_INFINITY });
});
