import type { Clock } from '../clock.ts';
import { storeSoonMs } from '../limits.ts';
import type { Held } from './durable-message.ts';

/** Puts what was held in memory alone for `storeSoonMs` into the store. */
export class SoonSweep implements Disposable {
  readonly #clock: Clock;
  readonly #held: ReadonlySet<Held>;
  readonly #put: (held: Held) => void;
  #timer: Disposable | undefined;

  constructor(clock: Clock, held: ReadonlySet<Held>, put: (held: Held) => void) {
    this.#clock = clock;
    this.#held = held;
    this.#put = put;
  }

  /** There is something that is not in the store. */
  start(): void {
    this.#timer ??= this.#clock.after(storeSoonMs, () => {
      this.#timer = undefined;
      const untilMs = this.#clock.monotonicMs() - storeSoonMs;
      const waiting = [...this.#held].filter(({ at }) => at.sequence === undefined);
      for (const held of waiting) if (held.sinceMs <= untilMs) this.#put(held);
      if (waiting.some(({ sinceMs }) => sinceMs > untilMs)) this.start();
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
