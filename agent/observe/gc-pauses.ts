import { constants, PerformanceObserver } from 'node:perf_hooks';
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

/** From now on. Costs a call for each collection, so it is opened where somebody can read it. */
export function observeGc(): GcPauses {
  const names: readonly GcKind[] = ['minor', 'major', 'incremental', 'weak'];
  const histograms = new Map(names.map((name) => [name, new Histogram()]));
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = kindOf(entry);
      const name = names.find((candidate) => kinds[candidate] === kind);
      if (name !== undefined) histograms.get(name)?.record(entry.duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return { histograms, [Symbol.dispose]: () => observer.disconnect() };
}

/** The types of Node do not know that an entry of this type has a detail. */
function kindOf(entry: object): unknown {
  const detail = 'detail' in entry ? entry.detail : undefined;
  return typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined;
}
