import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopLag extends Disposable {
  /** Since the last call of `reset`, in µs. */
  read(): { readonly p50_us: number; readonly p99_us: number; readonly max_us: number };
  reset(): void;
}

const resolutionMs = 20;

/** How late the event loop is. A sampling timer in native code; costs nothing on the loop itself. */
export function openLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  const lateUs = (ns: number) => Math.max(0, Math.round(ns / 1_000 - resolutionMs * 1_000));
  return {
    read: () => ({
      p50_us: lateUs(histogram.percentile(50)),
      p99_us: lateUs(histogram.percentile(99)),
      max_us: lateUs(histogram.max),
    }),
    reset: () => histogram.reset(),
    [Symbol.dispose]: () => void histogram.disable(),
  };
}
