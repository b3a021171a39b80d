import type { DriverError } from '../../../drivers/contract/result.ts';
import { mcuCalmMs, mcuLossesCountMax, mcuLossesWindowMs } from '../../../firmware-bridge/limits.ts';
import type { Clock } from '../../clock.ts';

/**
 * What is told of a link that comes and goes: of one that does so all the time, as with a microcontroller whose supply is too
 * weak, that it is down and why, once, until it stays. The link itself goes on as it is.
 */
export class LinkStorm implements Disposable {
  readonly #clock: Clock;
  #lossesMs: readonly number[] = []; // At most mcuLossesCountMax + 1.
  #timer: Disposable | undefined;
  #isOn = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** It went down: what is to be told of it; undefined: nothing any more. */
  down(error: DriverError): DriverError | undefined {
    this[Symbol.dispose]();
    if (this.#isOn) return undefined;
    const nowMs = this.#clock.monotonicMs();
    this.#lossesMs = [...this.#lossesMs.filter((lostMs) => nowMs - lostMs < mcuLossesWindowMs), nowMs];
    if (this.#lossesMs.length <= mcuLossesCountMax) return error;
    this.#isOn = true;
    const often = `its link went down more than ${mcuLossesCountMax} times within ${mcuLossesWindowMs / 1_000} s`;
    const fix = 'check its power supply (a brown-out resets it), its watchdog and the wiring of its reset';
    return { ...error, detail: `${often}, the last time because ${error.detail}`, fix };
  }

  /** It is up; in a storm that is told once it stayed so. `tell` must not throw. */
  up(tell: () => void): void {
    if (!this.#isOn) return tell();
    this.#timer = this.#clock.after(mcuCalmMs, () => {
      this.#isOn = false;
      this.#lossesMs = [];
      tell();
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
