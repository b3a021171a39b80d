import { storeSamplesCount } from '../limits.ts';
import { type DiskCounters, noDiskCounters } from './disk.ts';
import type { StoreError, StoreErrorKind, StoreState } from './error.ts';

/** Since this process opened the store; percentiles of the last few hundred. */
export interface StoreMetrics extends DiskCounters {
  readonly state: StoreState | StoreErrorKind;
  /** Where it did not open, and will not by itself. */
  readonly fix?: string;
  /** Calls that were made durable. */
  readonly writes: number;
  readonly batchP50: number;
  readonly batchMax: number;
  /** From the call until it is durable. */
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
  readonly pending: number;
  readonly pendingHighWater: number;
  /** Calls that were turned away because too many were pending. */
  readonly refused: number;
  /** Calls that failed because of the disk. */
  readonly failed: number;
  readonly recoveries: number;
}

/** Of a store that did not open. */
export function metricsWithout({ kind, fix }: StoreError): StoreMetrics {
  const counts = { writes: 0, pending: 0, pendingHighWater: 0, refused: 0, failed: 0, recoveries: 0 };
  const times = { batchP50: 0, batchMax: 0, latencyMsP50: 0, latencyMsP99: 0 };
  return { ...noDiskCounters, ...counts, ...times, state: kind, ...(fix !== undefined && { fix }) };
}

/** The last few hundred of a figure, in a ring that is allocated once. */
export class Samples {
  readonly #ring = new Float64Array(storeSamplesCount);
  #count = 0;
  #max = 0;

  add(sample: number): void {
    this.#ring[this.#count % storeSamplesCount] = sample;
    this.#count += 1;
    this.#max = Math.max(this.#max, sample);
  }

  /** Of all, not only of the last. */
  get max(): number {
    return this.#max;
  }

  /** `part` 0.5 is the median; 0 when there is none. */
  percentile(part: number): number {
    const kept = this.#ring.slice(0, Math.min(this.#count, storeSamplesCount)).toSorted();
    return kept[Math.max(0, Math.ceil(kept.length * part) - 1)] ?? 0;
  }
}
