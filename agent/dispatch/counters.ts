import type { Reason } from '../qn/reason.ts';

export interface DispatchTotals {
  /** Messages that arrived on a topic of ours, one per route. */
  readonly received: number;
  readonly successful: number;
  readonly failed: number;
  /** Gave way to a later command or to a safe state. */
  readonly superseded: number;
  readonly answered: number;
  /** Refused, by reason; with the above it adds up to `received` once nothing is under way. */
  readonly refused: { readonly [reason in Reason]?: number };
  readonly refusedTotal: number;
  /** Arrived on a topic that is none of ours, or took back what was retained (QN-2.1a). */
  readonly stray: number;
}

/** What became of everything that arrived. Totals only ever grow; `received` is the sum of the rest. */
export class DispatchCounters {
  #received = 0;
  #stray = 0;
  #successful = 0;
  #failed = 0;
  #superseded = 0;
  #answered = 0;
  readonly #refused = new Map<Reason, number>(); // Bounded by the reason table.

  receive(): void {
    this.#received += 1;
  }
  stray(): void {
    this.#stray += 1;
  }
  succeed(): void {
    this.#successful += 1;
  }
  fail(): void {
    this.#failed += 1;
  }
  supersede(): void {
    this.#superseded += 1;
  }
  answer(): void {
    this.#answered += 1;
  }
  refuse(reason: Reason): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** Everything that came to its end. */
  get handledCount(): number {
    const refused = [...this.#refused.values()].reduce((sum, count) => sum + count, 0);
    return this.#successful + this.#failed + this.#superseded + this.#answered + refused;
  }

  totals(): DispatchTotals {
    const refusedTotal = [...this.#refused.values()].reduce((sum, count) => sum + count, 0);
    return {
      received: this.#received,
      successful: this.#successful,
      failed: this.#failed,
      superseded: this.#superseded,
      answered: this.#answered,
      refused: Object.fromEntries(this.#refused),
      refusedTotal,
      stray: this.#stray,
    };
  }
}
