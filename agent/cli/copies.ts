import type { Clock } from '../clock.ts';
import {
  type Ask,
  asked,
  askIfStale,
  doubt,
  emptyReader,
  isStale,
  type ReaderState,
  read,
  unanswered,
} from '../documents/reader.ts';
import { copiesMax, queriesUnderWayMax, requeryDelayMsMax } from '../limits.ts';
import type { Message } from '../qn/message.ts';
import { fieldsOf } from '../qn/value.ts';

export interface CopiesDependencies {
  readonly clock: Clock;
  /** Sends a query for a document and returns its id; undefined when it cannot be sent just now. */
  query(document: string, ask: Ask): bigint | undefined;
  /** Nobody can say whether the copy is the newest value. Once until it can be said again. */
  stale(document: string, version: number | undefined): void;
}

interface Copy {
  reader: ReaderState;
  isStaleTold: boolean;
  /** When the query under way counts as unanswered. */
  dueMs: number;
  waitMs: number;
}

/**
 * Readers of the documents of one node (QN-5.2). They ask one after the other: not more than queriesUnderWayMax wait for
 * an answer, so that a node that comes back is not asked everything at once.
 */
export class Copies {
  readonly #dependencies: CopiesDependencies;
  readonly #waitMs: number;
  readonly #copies = new Map<string, Copy>(); // At most copiesMax; documents beyond are shown but not checked.
  #isOffline = false;

  /** `waitMs`: for the first answer; doubled for each one that does not come. */
  constructor(dependencies: CopiesDependencies, waitMs: number) {
    this.#dependencies = dependencies;
    this.#waitMs = waitMs;
  }

  /** What the node says, on whatever topic. */
  hear(document: string, message: Message): void {
    if (message.t === 'health') return this.#hearHealth(message);
    const copy = this.#copies.get(document) ?? this.#create(document, message);
    if (copy === undefined) return;
    this.#note(copy, read(copy.reader, message).state);
    if (this.#isOffline && !copy.isStaleTold) this.#doubt(document, copy);
    this.#askNext();
  }

  /** The next time `tick` has something to do; Infinity: not before something is heard. */
  get dueMs(): number {
    return Math.min(...[...this.#copies.values()].map(({ dueMs }) => dueMs));
  }

  /** Asks again where no answer came; the others come first. */
  tick(): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    for (const [document, copy] of [...this.#copies].filter(([, { dueMs }]) => nowMs >= dueMs)) {
      copy.waitMs = Math.min(copy.waitMs * 2, requeryDelayMsMax);
      if (isStale(copy.reader)) this.#tellStale(document, copy);
      this.#note(copy, unanswered(copy.reader).state);
      this.#copies.delete(document);
      this.#copies.set(document, copy);
    }
    this.#askNext();
  }

  #create(document: string, { t }: Message): Copy | undefined {
    if ((t !== 'snapshot' && t !== 'delta') || this.#copies.size >= copiesMax) return undefined;
    const copy = { reader: emptyReader, isStaleTold: false, dueMs: Infinity, waitMs: this.#waitMs };
    this.#copies.set(document, copy);
    return copy;
  }

  /** An owner that is gone changes nothing and tells nothing: when it is back, its values are others. */
  #hearHealth({ val }: Message): void {
    this.#isOffline = fieldsOf(val)['status'] === 'offline';
    if (!this.#isOffline) return this.#askNext();
    for (const [document, copy] of this.#copies) this.#doubt(document, copy);
  }

  #doubt(document: string, copy: Copy): void {
    this.#tellStale(document, copy);
    this.#note(copy, doubt(copy.reader).state);
  }

  #note(copy: Copy, reader: ReaderState): void {
    copy.reader = reader;
    if (reader.asked === undefined) copy.dueMs = Infinity;
    if (isStale(reader)) return;
    copy.isStaleTold = false;
    copy.waitMs = this.#waitMs;
  }

  #askNext(): void {
    const { clock, query } = this.#dependencies;
    let underWay = [...this.#copies.values()].filter(({ reader }) => reader.asked !== undefined).length;
    for (const [document, copy] of this.#copies) {
      if (underWay >= queriesUnderWayMax || this.#isOffline) return;
      const { ask } = askIfStale(copy.reader);
      if (ask === undefined) continue;
      const id = query(document, ask);
      copy.dueMs = clock.monotonicMs() + copy.waitMs;
      if (id === undefined) continue;
      copy.reader = asked(copy.reader, id);
      underWay += 1;
    }
  }

  #tellStale(document: string, copy: Copy): void {
    if (copy.isStaleTold) return;
    copy.isStaleTold = true;
    this.#dependencies.stale(document, copy.reader.known?.version);
  }
}
