import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../clock.ts';
import { loopWindowMs } from './limits.ts';

export interface LoopLag extends Disposable {
  /** Of the last one or two windows (loopWindowMs), in µs: what was bad an hour ago is not told as bad now. */
  read(): LoopFigures;
}

export interface LoopFigures {
  readonly p50_us: number;
  readonly p99_us: number;
  readonly max_us: number;
}

/** Where the figures of one window come from, in ns; Node's own histogram. */
export interface DelayHistogram {
  readonly max: number;
  readonly count: number;
  enable(): unknown;
  disable(): unknown;
  percentile(percent: number): number;
  reset(): void;
}

const resolutionMs = 20;
const none: LoopFigures = { p50_us: 0, p99_us: 0, max_us: 0 };

/** How late the event loop is. A sampling timer in native code; costs nothing on the loop itself. */
export function openLoopLag(
  clock: Clock,
  histogram: DelayHistogram = monitorEventLoopDelay({ resolution: resolutionMs }),
): LoopLag {
  histogram.enable();
  let before = none;
  let timer = clock.after(loopWindowMs, turn);

  function turn(): void {
    before = ofThisWindow();
    histogram.reset();
    timer = clock.after(loopWindowMs, turn);
  }

  function ofThisWindow(): LoopFigures {
    if (histogram.count === 0) return none; // Its percentiles mean nothing then.
    const { max } = histogram;
    return { p50_us: lateUs(histogram.percentile(50)), p99_us: lateUs(histogram.percentile(99)), max_us: lateUs(max) };
  }

  return {
    read() {
      const now = ofThisWindow();
      const worst = (key: keyof LoopFigures) => Math.max(before[key], now[key]);
      return { p50_us: worst('p50_us'), p99_us: worst('p99_us'), max_us: worst('max_us') };
    },
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      histogram.disable();
    },
  };
}

function lateUs(ns: number): number {
  return Math.max(0, Math.round(ns / 1_000 - resolutionMs * 1_000));
}
