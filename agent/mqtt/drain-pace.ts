import type { Clock } from '../clock.ts';
import { drainBurstCount, drainPerSecond } from '../limits.ts';

/**
 * How fast a backlog is sent: at a limited rate, so that a board that comes back has time for commands and a broker is
 * not stormed by a fleet; but faster than it grows, or it would never end.
 */
export class DrainPace implements Disposable {
  readonly #clock: Clock;
  #earned = drainBurstCount;
  #sinceMs: number;
  #timer: Disposable | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  /** One more was put behind the backlog. */
  grew(): void {
    this.#earn(2);
  }

  /** How many may be sent now, at most `countMax`. After a 0 `again` is called when it is time. */
  allowed(countMax: number, again: () => void): number {
    const nowMs = this.#clock.monotonicMs();
    this.#earn(((nowMs - this.#sinceMs) * drainPerSecond) / 1_000);
    this.#sinceMs = nowMs;
    const count = Math.min(countMax, Math.floor(this.#earned));
    if (count > 0) return count;
    this.#timer ??= this.#clock.after((countMax * 1_000) / drainPerSecond, () => {
      this.#timer = undefined;
      again();
    });
    return 0;
  }

  /** One was sent. */
  spend(): void {
    this.#earned -= 1;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #earn(count: number): void {
    this.#earned = Math.min(drainBurstCount, this.#earned + count);
  }
}
