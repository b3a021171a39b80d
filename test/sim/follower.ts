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
/** The owner may have forgotten a watch, and would not say so. */
const renewMs = 20_000;

export interface FollowerOptions {
  readonly document: string;
  /** Of all topics, or only what comes on one of its own. */
  readonly inbox?: string;
  readonly read: typeof read;
  /** Ids of its queries begin here: nobody else uses them. */
  readonly firstId: bigint;
  query(id: bigint): void;
}

/** A program that follows one document with the reader of the project, and sends the queries it asks for. */
export class Follower {
  readonly #options: FollowerOptions;
  #state: ReaderState = emptyReader;
  #nextId: bigint;
  #askedMs = 0;
  #nowMs = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#nextId = options.firstId;
  }

  get document(): string {
    return this.#options.document;
  }

  get known(): Known | undefined {
    return this.#state.known;
  }

  get isStale(): boolean {
    return isStale(this.#state);
  }

  hear(topic: string, message: Message): void {
    const { document, inbox = topic, read: reading } = this.#options;
    if (message.doc === document && inbox === topic) this.#step(reading(this.#state, message));
  }

  /** Its connection broke, or so it thinks. */
  doubt(): void {
    this.#step(doubt(this.#state));
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#options.inbox !== undefined && nowMs - this.#askedMs >= renewMs) this.doubt();
    if (this.#state.asked !== undefined && nowMs - this.#askedMs >= answerMsMax) this.#step(unanswered(this.#state));
  }

  #step({ state, ask }: ReaderStep): void {
    this.#state = state;
    if (ask === undefined) return;
    const id = this.#nextId;
    this.#nextId += 1n;
    this.#state = asked(state, id);
    this.#askedMs = this.#nowMs;
    this.#options.query(id);
  }
}
