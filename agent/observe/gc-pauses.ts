import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { Clock } from '../clock.ts';
import { gcSampleMs, gcSampleOneIn } from '../health/limits.ts';
import { Histogram } from './histogram.ts';

const kinds = {
  minor: constants.NODE_PERFORMANCE_GC_MINOR,
  major: constants.NODE_PERFORMANCE_GC_MAJOR,
  incremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
  weak: constants.NODE_PERFORMANCE_GC_WEAKCB,
} as const;

export type GcKind = keyof typeof kinds;

/** How long garbage collection stopped everything, by its kind. */
export interface GcPauses extends Disposable {
  readonly histograms: ReadonlyMap<GcKind, Histogram>;
}

/**
 * From now on, one second in twenty, and what is seen counts twenty times: Node.js makes some 4 kB for each collection that
 * it tells, which lives for so long that it takes a full collection to be rid of it. A flood has fifty collections a second.
 */
export function observeGc(clock: Clock): GcPauses {
  const names: readonly GcKind[] = ['minor', 'major', 'incremental', 'weak'];
  const histograms = new Map(names.map((name) => [name, new Histogram()]));
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = kindOf(entry);
      const name = names.find((candidate) => kinds[candidate] === kind);
      if (name !== undefined) histograms.get(name)?.record(entry.duration, gcSampleOneIn);
    }
  });
  let timer: Disposable | undefined;
  function look(): void {
    observer.observe({ entryTypes: ['gc'] });
    timer = clock.after(gcSampleMs, rest);
  }
  function rest(): void {
    observer.disconnect();
    timer = clock.after((gcSampleOneIn - 1) * gcSampleMs, look);
  }
  look();
  return {
    histograms,
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      observer.disconnect();
    },
  };
}

/** The types of Node do not know that an entry of this type has a detail. */
function kindOf(entry: object): unknown {
  const detail = 'detail' in entry ? entry.detail : undefined;
  return typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined;
}
