import { mcuResetAfterMsMax } from '../../../firmware-bridge/limits.ts';
import type { Clock } from '../../clock.ts';

/** Resets a microcontroller that stays away, ever less often until it comes back. */
export class AwayReset implements Disposable {
  readonly #clock: Clock;
  readonly #firstAfterMs: number | undefined;
  /** It must not throw. */
  readonly #reset: (afterMs: number) => Promise<void>;
  #afterMs: number | undefined;
  #timer: Disposable | undefined;

  /** `afterMs` undefined: never. */
  constructor(clock: Clock, afterMs: number | undefined, reset: (afterMs: number) => Promise<void>) {
    this.#clock = clock;
    this.#firstAfterMs = afterMs;
    this.#afterMs = afterMs;
    this.#reset = reset;
  }

  /** It is away. */
  arm(): void {
    const afterMs = this.#afterMs;
    this.#timer?.[Symbol.dispose]();
    if (afterMs !== undefined) this.#timer = this.#clock.after(afterMs, () => void this.#act(afterMs));
  }

  /** It is there: the next time counts from the beginning. */
  disarm(): void {
    this[Symbol.dispose]();
    this.#afterMs = this.#firstAfterMs;
  }

  /** It is away, for a reason that may pass: the time counts from the beginning. */
  anew(): void {
    this.disarm();
    this.arm();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  async #act(afterMs: number): Promise<void> {
    this.#timer = undefined;
    this.#afterMs = Math.min(2 * afterMs, mcuResetAfterMsMax);
    await this.#reset(afterMs);
  }
}
