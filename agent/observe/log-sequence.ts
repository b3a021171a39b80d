import type { Clock } from '../clock.ts';
import { lsnReserveCount } from '../limits.ts';
import type { Values } from '../store/store.ts';

const lastKey = 'lsn.reserved';

/** A place in the log of this node, and when that was, on both clocks. */
export interface LsnStamp {
  readonly lsn: number;
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/**
 * Log sequence numbers: each change of the node's state has one, greater than all before it, also over restarts. Numbers
 * are reserved in the store by the million, so that a change never waits for the disk; a restart skips the rest. Without
 * a store they begin anew with each epoch.
 */
export class LogSequence {
  readonly #clock: Clock;
  readonly #values: Values | undefined;
  #last: number;
  #reserved: number;

  constructor(clock: Clock, values?: Values) {
    this.#clock = clock;
    this.#values = values;
    const stored = Number(values?.get(lastKey) ?? 0);
    this.#last = Number.isSafeInteger(stored) && stored > 0 ? stored : 0;
    this.#reserved = this.#last;
    this.#reserve();
  }

  next(): LsnStamp {
    this.#last += 1;
    if (this.#last + lsnReserveCount / 2 > this.#reserved) this.#reserve();
    return { lsn: this.#last, monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() };
  }

  get last(): number {
    return this.#last;
  }

  /** A write that fails is tried again with the next half million; until then only the epoch tells two lives apart. */
  #reserve(): void {
    this.#reserved = this.#last + lsnReserveCount;
    void this.#values?.set(lastKey, String(this.#reserved));
  }
}
