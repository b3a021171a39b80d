import type { DriverError } from '../../../drivers/contract/result.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import type { Clock } from '../../clock.ts';
import { safeRetryMs } from '../../limits.ts';
import type { Performed } from '../kind.ts';
import { Waiting } from '../waiting.ts';

/**
 * Off behind an on that was for so long only (QN-8.7g). From the moment the on is sent the off is owed, whatever becomes
 * of the command: until the microcontroller took another one, or went to its safe state.
 */
export class ChannelPulse {
  readonly #clock: Clock;
  readonly #waiting: Waiting;
  /** Sends off, if `isStillWanted` when its turn comes. */
  readonly #switchOff: (isStillWanted: () => boolean) => Promise<Performed>;
  /** Another one for each on, so that the off of one does not cut the next. */
  #owed: object | undefined;
  #isBeginning = false;
  /** Something came while the on was on its way. */
  #isCrowded = false;
  #tail: Disposable | undefined;

  constructor(clock: Clock, switchOff: (isStillWanted: () => boolean) => Promise<Performed>) {
    this.#clock = clock;
    this.#waiting = new Waiting(clock);
    this.#switchOff = switchOff;
  }

  get isOwed(): boolean {
    return this.#owed !== undefined;
  }

  /** `switchOn` tells when the on is sent: before that nothing has happened. */
  async run(forMs: number, switchOn: (onSend: () => void) => Promise<Performed>): Promise<Performed> {
    this.#isBeginning = true;
    this.#isCrowded = false;
    const on = await switchOn(() => {
      this.settle();
      this.#owed = {};
    });
    this.#isBeginning = false;
    if (!on.ok && 'isTooLate' in on.error) return on; // An off that was owed before comes in its time.
    if (!on.ok && 'reason' in on.error) this.settle(); // The microcontroller said no.
    if (this.isOwed && (!on.ok || this.#isCrowded)) this.#payLater(forMs); // It may be on all the same.
    if (!on.ok) return on;
    if (this.#isCrowded) return later;
    if (!this.isOwed) return inSafe; // Meanwhile.
    const wait = { wish: { on: true, forMs }, isPulse: true };
    return await this.#waiting.start(wait, forMs, async () => await this.#pay());
  }

  /** Something waits behind it: it takes its place without an off in between (QN-4.6). */
  makeWay(): void {
    this.#isCrowded = this.#isBeginning;
    const { current } = this.#waiting;
    if (current === undefined) return;
    this.#payLater(current.untilMs - this.#clock.monotonicMs());
    this.#waiting.end(later);
  }

  /** Out of reach: it may still be on over there, and the watchdog need not have seen anything. */
  lose(error: DriverError): void {
    const { current } = this.#waiting;
    if (current === undefined) return;
    this.#payLater(current.untilMs - this.#clock.monotonicMs());
    this.#waiting.end(fail(error));
  }

  /** In reach again. */
  up(): void {
    if (this.isOwed && !this.#isBeginning && this.#waiting.current === undefined && this.#tail === undefined)
      void this.#pay();
  }

  /** The microcontroller took another command: nothing is owed. */
  settle(): void {
    this.#owed = undefined;
    this.#tail?.[Symbol.dispose]();
    this.#tail = undefined;
  }

  /** The outputs over there went to their safe state: that is where they stay. */
  giveWay(end: Performed = inSafe): void {
    this.settle();
    this.#waiting.end(end);
  }

  #payLater(afterMs: number): void {
    this.#tail?.[Symbol.dispose]();
    this.#tail = this.#clock.after(Math.max(0, afterMs), () => {
      this.#tail = undefined;
      void this.#pay();
    });
  }

  async #pay(): Promise<Performed> {
    const owed = this.#owed;
    if (owed === undefined) return ok();
    const off = await this.#switchOff(() => this.#owed === owed);
    if (this.#owed !== owed) return off;
    if (off.ok || 'reason' in off.error) this.settle();
    else this.#payLater(safeRetryMs);
    return off;
  }
}

const later = fail({ superseded: true, detail: 'a later command came' } as const);
const inSafe = fail({
  superseded: true,
  detail: 'the outputs of the microcontroller went to their safe state',
} as const);
