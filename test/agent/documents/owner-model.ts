import {
  type Ask,
  asked,
  emptyReader,
  type ReaderState,
  type ReaderStep,
  read,
} from '../../../agent/documents/reader.ts';
import type { Delta, Message, Snapshot, Value } from '../../../agent/qn/message.ts';
import { createMergePatch } from '../../../agent/qn/value.ts';

interface Query {
  readonly id: bigint;
  readonly ask: Ask;
}

/** An owner as QN-5 describes it, a reader, and everything that is on its way between them. */
export class Stage {
  reader: ReaderState = emptyReader;
  /** Said by the owner, not delivered; a delivered one may stay, to come again. */
  readonly toReader: Message[] = [];
  readonly toOwner: Query[] = [];
  asksCount = 0;
  readonly #history = new Map<string, Value>();
  readonly #epochs: bigint[];
  #epoch: bigint;
  #version = 0;
  #value: Value = null;
  #told: { version: number; value: Value } | undefined;
  #nextId = 1n;

  constructor(epochs: readonly bigint[]) {
    this.#epochs = [...epochs];
    this.#epoch = this.#epochs.shift() ?? 0n;
    this.change(null);
  }

  get current() {
    return { epoch: this.#epoch, version: this.#version, value: this.#value };
  }

  change(value: Value): void {
    this.#version += 1;
    this.#value = value;
    this.#history.set(`${this.#epoch} ${this.#version}`, value);
  }

  /** As many changes as nobody sees: only the count grows. */
  skip(count: number): void {
    this.#version += count;
    this.#history.set(`${this.#epoch} ${this.#version}`, this.#value);
  }

  restart(): void {
    const next = this.#epochs.shift();
    if (next === undefined) return;
    this.#epoch = next;
    this.#version = 0;
    this.#told = undefined;
    this.change(this.#value);
  }

  snapshot(): Snapshot {
    return { t: 'snapshot', ep: this.#epoch, ver: this.#version, val: this.#value };
  }

  /** Spans every change since the last telling. */
  delta(): Delta | undefined {
    const told = this.#told ?? { version: this.#version, value: this.#value };
    this.#told = { version: this.#version, value: this.#value };
    const val = told.version === this.#version ? undefined : createMergePatch(told.value, this.#value);
    if (val === undefined) return undefined;
    return { t: 'delta', ep: this.#epoch, ver: this.#version, base: told.version, val };
  }

  deliver(message: Message): void {
    this.step(read(this.reader, message));
  }

  step({ state, ask }: ReaderStep): void {
    this.reader = state;
    if (ask === undefined) return;
    const id = this.#nextId;
    this.#nextId += 1n;
    this.asksCount += 1;
    this.toOwner.push({ id, ask });
    this.reader = asked(state, id);
  }

  answer({ id }: Query): Message {
    return { ...this.snapshot(), id };
  }

  /** What the reader knows is something the owner said, to the letter. */
  get isTrue(): boolean {
    const { known } = this.reader;
    if (known === undefined) return true;
    const said = this.#history.get(`${known.epoch} ${known.version}`);
    return said !== undefined && JSON.stringify(sorted(said)) === JSON.stringify(sorted(known.value));
  }

  /** Queries and their answers come through, one after the other, until there is none under way. */
  settle(): void {
    for (let query = this.toOwner.shift(); query !== undefined; query = this.toOwner.shift()) {
      this.deliver(this.answer(query));
    }
  }
}

/** Equal values as equal text, whatever the order of keys. */
export function sorted(value: Value): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item: Value) => sorted(item));
  return Object.entries(value)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
}
