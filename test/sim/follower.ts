import {
  asked,
  doubt,
  emptyReader,
  isStale,
  type Known,
  type ReaderState,
  type ReaderStep,
  type read,
  unanswered,
} from '../../agent/documents/reader.ts';
import type { Message } from '../../agent/qn/message.ts';

const answerMsMax = 2_000;

/** A program that follows one document with the reader of the project, and sends the queries it asks for. */
export class Follower {
  readonly document: string;
  readonly #query: (document: string, id: bigint) => void;
  readonly #read: typeof read;
  #state: ReaderState = emptyReader;
  #nextId = 1n;
  #askedMs = 0;
  #nowMs = 0;

  constructor(document: string, query: (document: string, id: bigint) => void, reading: typeof read) {
    this.document = document;
    this.#query = query;
    this.#read = reading;
  }

  get known(): Known | undefined {
    return this.#state.known;
  }

  get isStale(): boolean {
    return isStale(this.#state);
  }

  hear(message: Message): void {
    this.#step(this.#read(this.#state, message));
  }

  /** Its connection broke, or so it thinks. */
  doubt(): void {
    this.#step(doubt(this.#state));
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#state.asked !== undefined && nowMs - this.#askedMs >= answerMsMax) this.#step(unanswered(this.#state));
  }

  #step({ state, ask }: ReaderStep): void {
    this.#state = state;
    if (ask === undefined) return;
    const id = this.#nextId;
    this.#nextId += 1n;
    this.#state = asked(state, id);
    this.#askedMs = this.#nowMs;
    this.#query(this.document, id);
  }
}
