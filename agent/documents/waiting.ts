import { fail, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Effect, Performed, TooLate } from './kind.ts';

/** What a command wants of an output: on or off, for good or for so long. */
export interface Wish {
  readonly on: boolean;
  readonly forMs?: number;
  /** By the agent itself: no other output gives way to it. */
  readonly isRestored?: true;
  /** Whether it is too late by now. */
  readonly isTooLate?: () => boolean;
}

/** Of a command whose ttl ran out while it waited. `undone`: what did not happen. */
export function tooLate(undone: string): Result<never, TooLate> {
  return fail({ reason: 'expired', detail: `its ttl ran out while it waited; ${undone}`, isTooLate: true });
}

/** `isOn`: as the output is now. Undefined: the effect is none of an output. */
export function wishOf(effect: Effect, isOn: boolean): Wish | undefined {
  switch (effect.do) {
    case 'set':
      return { on: effect.on };
    case 'toggle':
      return { on: !isOn };
    case 'pulse':
      return { on: true, forMs: effect.forMs };
    default:
      return undefined;
  }
}

interface Wait {
  readonly wish: Wish;
  /** The pulse is under way; else the command waits until it may change the output. */
  readonly isPulse: boolean;
  /** A safe state that is on waits; nobody commanded it. */
  readonly isSafeState?: true;
}

interface Pending extends Wait {
  readonly untilMs: number;
  readonly timer: Disposable;
  resolve(result: Performed): void;
}

/** The one command of an output that is between its beginning and its end. */
export class Waiting {
  readonly #clock: Clock;
  readonly #pulsing: (isUnderWay: boolean) => void;
  #pending: Pending | undefined;

  /** `pulsing`: a pulse began, or ended in whatever way. */
  constructor(clock: Clock, pulsing: (isUnderWay: boolean) => void = () => {}) {
    this.#clock = clock;
    this.#pulsing = pulsing;
  }

  get current(): (Wait & { readonly untilMs: number }) | undefined {
    return this.#pending;
  }

  /** A pulse is under way that ends in less than so long. */
  isPulseEnding(withinMs: number): boolean {
    const pending = this.#pending;
    return pending?.isPulse === true && pending.untilMs - this.#clock.monotonicMs() < withinMs;
  }

  /** Ends with what `then` brings, or with what `end` is given before. */
  start(wait: Wait, delayMs: number, then: () => Performed | Promise<Performed>): Promise<Performed> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(delayMs, () => {
        this.#pending = undefined;
        resolve(then());
        if (wait.isPulse) this.#pulsing(false);
      });
      if (wait.isPulse) this.#pulsing(true);
      this.#pending = { ...wait, untilMs: this.#clock.monotonicMs() + delayMs, timer, resolve };
    });
  }

  end(result: Performed): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.timer[Symbol.dispose]();
    pending?.resolve(result);
    if (pending?.isPulse === true) this.#pulsing(false);
  }
}
