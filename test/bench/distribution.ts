import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { type Figure, figure, type Judgement } from './figure.ts';

/** Times, in buckets of 0.1 % from a nanosecond to an hour: what Node has of HdrHistogram. */
export interface Distribution {
  readonly count: number;
  addMs(ms: number): void;
  /** 0 < percent <= 100. */
  percentileMs(percent: number): number;
  readonly maxMs: number;
}

const nsPerMs = 1_000_000;

export function createDistribution(): Distribution {
  const histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: 3_600_000 * nsPerMs, figures: 3 });
  return {
    get count() {
      return histogram.count;
    },
    addMs: (ms) => histogram.record(Math.max(1, Math.round(ms * nsPerMs))),
    percentileMs: (percent) => histogram.percentile(percent) / nsPerMs,
    get maxMs() {
      return histogram.count === 0 ? 0 : histogram.max / nsPerMs;
    },
  };
}

const percents = [50, 99, 99.9] as const;

export type Percentile = `p${(typeof percents)[number]}` | 'max';

/** The rows of a distribution, `floor` beside it where there is one. */
export function distributionFigures(
  name: string,
  measured: Distribution,
  { floor, judged = {} }: { readonly floor?: Distribution; readonly judged?: { [Row in Percentile]?: Judgement } } = {},
): readonly Figure[] {
  const row = (label: Percentile, of: (distribution: Distribution) => number) =>
    figure(`${name} ${label}`, of(measured), 'ms', {
      ...(floor !== undefined && { floor: of(floor) }),
      ...judged[label],
    });
  return [
    ...percents.map((percent) => row(`p${percent}`, (distribution) => distribution.percentileMs(percent))),
    row('max', (distribution) => distribution.maxMs),
  ];
}
