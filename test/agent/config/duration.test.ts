import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../agent/config/duration.ts';

test.each([
  ['0ms', 0],
  ['20ms', 20],
  ['30s', 30_000],
  ['1.5s', 1_500],
  ['16.1s', 16_100],
  ['8.2m', 492_000],
  ['0.0001ms', 0.0001],
  ['1m', 60_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '30', '500us', '-1s', '1 s', 's', '1S', '1e3s', '.5s', '1.s', '1m30s', '1constructor'])(
  '%j is not a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([0, 1, 999, 1_000, 1_500, 60_000, 90_000, 3_600_000, 86_400_000])('%i ms are written and read', (ms) => {
  expect(parseDuration(formatDuration(ms))).toBe(ms);
});
