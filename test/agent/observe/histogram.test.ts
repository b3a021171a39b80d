import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { boundsUs, Histogram } from '../../../agent/observe/histogram.ts';

it.each([
  [0, 0],
  [0.01, 0],
  [0.0105, 1],
  [1, 6],
  [10_000, boundsUs.length - 1],
  [10_001, boundsUs.length],
  [-5, 0],
])('%s ms is counted in bucket %i and all above', (ms, index) => {
  const histogram = new Histogram();
  histogram.record(ms);
  const expected = Array.from({ length: boundsUs.length + 1 }, (_, at) => (at >= index ? 1 : 0));
  expect([...histogram.cumulative()]).toEqual(expected);
});

it('sums up, and tells the bound below which a part of all lies', () => {
  const histogram = new Histogram();
  expect(histogram.quantileMs(0.99)).toBe(0);
  for (let count = 0; count < 98; count += 1) histogram.record(0.2);
  histogram.record(40);
  histogram.record(400);
  expect([histogram.count, histogram.sumUs]).toEqual([100, 98 * 200 + 440_000]);
  expect([histogram.quantileMs(0.5), histogram.quantileMs(0.99), histogram.quantileMs(1)]).toEqual([0.25, 50, 500]);
});

it('what was seen once may stand for several', () => {
  const histogram = new Histogram();
  histogram.record(0.2, 20);
  histogram.record(40);
  expect([histogram.count, histogram.sumUs, histogram.quantileMs(0.95)]).toEqual([21, 44_000, 0.25]);
});

it('recording allocates nothing: five million of them need no garbage collection', () => {
  const script = `
    import { Histogram } from './agent/observe/histogram.ts';
    const histogram = new Histogram();
    const record = (count) => { for (let at = 0; at < count; at += 1) histogram.record(at & 1023); };
    record(200_000);
    console.log('MARK');
    record(5_000_000);
    console.log('MARK', histogram.count);`;
  const flags = ['--trace-gc', '--max-semi-space-size=1', '--no-warnings', '--input-type=module', '-e', script];
  const { stdout } = spawnSync(process.execPath, flags, { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  const [, between = '', after = ''] = stdout.split('MARK');
  expect(after).toContain('5200000');
  expect(between.match(/Scavenge|Mark-Compact/g) ?? []).toEqual([]);
});
