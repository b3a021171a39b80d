import { type DriverError, fail } from '../../drivers/contract/result.ts';
import { assert } from '../assert.ts';
import type { Effect, OpenDocument, Performed } from '../documents/kind.ts';
import { documentQueueCountMax } from '../limits.ts';

export interface Work {
  readonly effect: Effect;
  /** Called when its turn has come; false: it is too late, leave it out. */
  begin(): boolean | Promise<boolean>;
  /** The device has it, where that is told before the end. */
  taken?(): void;
  /** Whether it is too late by now, after it has begun. */
  isTooLate?(): boolean;
  end(result: Performed): void;
}

/**
 * Keeps the order of one document (QN-4.3): one effect at a time, the rest waits in a bounded queue. Documents do not
 * wait for each other: each has its own lane.
 */
export class Lane {
  readonly document: OpenDocument;
  readonly #waiting: Work[] = []; // At most documentQueueCountMax; over it: refuse `busy`.
  #isBusy = false;
  #effect: Effect | undefined;
  #current: Promise<void> = Promise.resolve();

  constructor(document: OpenDocument) {
    this.document = document;
  }

  /** Too many are waiting already; nothing may be added. */
  get isFull(): boolean {
    return this.#waiting.length >= documentQueueCountMax;
  }

  /** Something is under way. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** What is being performed, if it is not done at once. */
  get effect(): Effect | undefined {
    return this.#effect;
  }

  /** Where it is full, an off takes the place of all that wait (QN-4.6). */
  makeRoom(effect: Effect): void {
    if (!this.isFull || !isOff(effect)) return;
    for (const work of this.#waiting.splice(0)) work.end(fail({ superseded: true, detail: 'a later command came' }));
  }

  /** Effects of synchronous drivers are done when it returns. */
  add(work: Work): void {
    assert(!this.isFull, 'a full lane takes no work');
    if (!this.#isBusy) return this.#run(work);
    this.#waiting.push(work);
    this.document.makeWay?.(work.effect);
  }

  /** Resolves when nothing is under way and nothing waits. */
  async settled(): Promise<void> {
    while (this.#isBusy) await this.#current;
  }

  #run(first: Work): void {
    for (let work: Work | undefined = first; work !== undefined; work = this.#waiting.shift()) {
      const begun = work.begin();
      if (begun instanceof Promise) return this.#wait(work, this.#performLater(begun, work));
      if (!begun) continue;
      const outcome = this.#perform(work);
      if (outcome instanceof Promise) return this.#wait(work, outcome);
      work.end(outcome);
    }
  }

  /** undefined: it was left out. */
  async #performLater(begun: Promise<boolean>, work: Work): Promise<Performed | undefined> {
    return (await begun) ? await this.#perform(work) : undefined;
  }

  /** It makes way also for what came before it began. */
  #perform({ effect, taken, isTooLate }: Work): Performed | Promise<Performed> {
    const outcome = this.document.perform(effect, taken, isTooLate);
    if (outcome instanceof Promise) for (const next of this.#waiting) this.document.makeWay?.(next.effect);
    return outcome;
  }

  #wait(work: Work, outcome: Promise<Performed | undefined>): void {
    this.#isBusy = true;
    this.#effect = work.effect;
    const end = (result: Performed | undefined) => {
      this.#isBusy = false;
      this.#effect = undefined;
      if (result !== undefined) work.end(result);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#run(next);
    };
    this.#current = outcome.then(end, (cause: unknown) => end(fail(brokenPromise(cause))));
  }
}

function isOff(effect: Effect): boolean {
  return effect.do === 'set' ? !effect.on : effect.do === 'channel' && effect.value === false;
}

/** A driver that throws breaks its contract; the command fails and the lane goes on. */
function brokenPromise(cause: unknown): DriverError {
  return { kind: 'io', operation: 'perform', resource: 'driver', detail: `the driver threw: ${String(cause)}`, cause };
}
