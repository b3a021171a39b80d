import type { Notify } from '../qn/message.ts';
import type { Reason, Status } from '../qn/reason.ts';

export interface Outcome {
  readonly status: Status;
  readonly reason?: Reason;
}

/**
 * The last commands by (source, id), so that a second delivery is not a second effect. A fixed window in memory: when it
 * is full the oldest is forgotten, and a restart forgets all.
 */
export class RecentCommands {
  readonly #countMax: number;
  readonly #outcomes = new Map<string, Outcome | 'under-way'>(); // Insertion order is age.

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** undefined: never seen, and remembered from now on. Commands without an id of their own are never the same. */
  begin(document: string, message: Notify): Outcome | 'under-way' | undefined {
    const key = keyOf(document, message);
    if (key === undefined) return undefined;
    const known = this.#outcomes.get(key);
    if (known !== undefined) return known;
    if (this.#outcomes.size >= this.#countMax) this.#forgetOldest();
    this.#outcomes.set(key, 'under-way');
    return undefined;
  }

  has(document: string, message: Notify): boolean {
    const key = keyOf(document, message);
    return key !== undefined && this.#outcomes.has(key);
  }

  end(document: string, message: Notify, outcome: Outcome): void {
    const key = keyOf(document, message);
    if (key !== undefined && this.#outcomes.has(key)) this.#outcomes.set(key, outcome);
  }

  /** It had no effect: the same id may be tried again. */
  forget(document: string, message: Notify): void {
    const key = keyOf(document, message);
    if (key !== undefined) this.#outcomes.delete(key);
  }

  #forgetOldest(): void {
    const [oldest] = this.#outcomes.keys();
    if (oldest !== undefined) this.#outcomes.delete(oldest);
  }
}

/** The same id may come to several documents through a group; each has its own effect. */
function keyOf(document: string, message: Notify): string | undefined {
  return message.id === undefined ? undefined : `${message.src ?? ''} ${message.id} ${document}`;
}
