import type { Acknowledger, Answerable, Verdict } from './acknowledge.ts';

/**
 * Tells of emergency commands, after they were carried out: encoding and sending `accepted` and `executing` takes longer
 * than most outputs do to change.
 */
export class ExpressAcks implements Acknowledger {
  readonly #over: Acknowledger;
  /** A few for each document that one message is for. */
  readonly #waiting: [Answerable, Verdict][] = [];
  #isHolding = false;

  constructor(over: Acknowledger) {
    this.#over = over;
  }

  tell(command: Answerable, verdict: Verdict): void {
    if (this.#isHolding) this.#waiting.push([command, verdict]);
    else this.#over.tell(command, verdict);
  }

  /** What is told in `action` is told behind it, in the same order. */
  after(action: () => void): void {
    this.#isHolding = true;
    try {
      action();
    } finally {
      this.#isHolding = false;
      for (const [command, verdict] of this.#waiting.splice(0)) this.#over.tell(command, verdict);
    }
  }
}
