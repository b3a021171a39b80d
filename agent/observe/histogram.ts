/** Upper bounds of the buckets in µs; the last bucket, without a bound, comes behind them. */
export const boundsUs = [
  10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
  2_500_000, 10_000_000,
] as const;

/**
 * How long something took, in buckets that are allocated once: recording allocates nothing, so it may stand in the path
 * of every message. Totals only ever grow.
 */
export class Histogram {
  readonly #counts = new Float64Array(boundsUs.length + 1);
  /** Sum in µs, and count: in an array, because a field that holds a fraction is allocated anew at each change. */
  readonly #totals = new Float64Array(2);

  /** `times`: seen once, and standing for so many. */
  record(ms: number, times = 1): void {
    const us = Math.max(0, Math.round(ms * 1_000));
    let index = 0;
    while (index < boundsUs.length && us > (boundsUs[index] ?? 0)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + times;
    this.#totals[0] = (this.#totals[0] ?? 0) + times * us;
    this.#totals[1] = (this.#totals[1] ?? 0) + times;
  }

  get sumUs(): number {
    return this.#totals[0] ?? 0;
  }

  get count(): number {
    return this.#totals[1] ?? 0;
  }

  /** How many were at most as long as each bound: one number more than there are bounds, the last is all of them. */
  cumulative(): readonly number[] {
    let sum = 0;
    return [...this.#counts].map((count) => {
      sum += count;
      return sum;
    });
  }

  /** The bound below which that part of all lies, in ms; 0 when there is none. `part` 0.5 is the median. */
  quantileMs(part: number): number {
    if (this.count === 0) return 0;
    const wanted = Math.ceil(this.count * part);
    const index = this.cumulative().findIndex((count) => count >= wanted);
    return (boundsUs[index] ?? boundsUs.at(-1) ?? 0) / 1_000;
  }
}
