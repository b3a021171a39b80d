import type { Clock } from '../clock.ts';

const dayMs = 86_400_000;
const markMs = 3_600_000;

/** How much a total grew in the last 24 hours, to the hour; in the first day since the start. */
export class LastDay {
  readonly #clock: Clock;
  readonly #marks: { readonly atMs: number; readonly total: number }[]; // One an hour, 25 at most.

  /** `total`: as it is now. */
  constructor(clock: Clock, total: number) {
    this.#clock = clock;
    this.#marks = [{ atMs: clock.monotonicMs(), total }];
  }

  /** To be asked at least once an hour: what happened between two questions counts for the latter. */
  grown(total: number): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - (this.#marks.at(-1)?.atMs ?? 0) >= markMs) this.#marks.push({ atMs: nowMs, total });
    // The youngest mark that is a day old, and all behind it.
    while (this.#marks.length > 1 && nowMs - (this.#marks[1]?.atMs ?? nowMs) >= dayMs) this.#marks.shift();
    return total - (this.#marks[0]?.total ?? 0);
  }
}
