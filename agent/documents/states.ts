import type { Outbox } from '../mqtt/outbox.ts';
import type { Fate } from '../mqtt/outgoing.ts';
import type { Snapshot, Value } from '../qn/message.ts';
import { createMergePatch, isEqualValue } from '../qn/value.ts';
import type { Publisher } from './publisher.ts';
import type { ToldNames } from './told-names.ts';

/** The log sequence number of a change (QN-3 `lsn`). */
export type StampChange = (document: string, value: Value) => number;

interface State {
  value: Value;
  version: number;
  lsn: number;
  /** What the broker was last told; -1: nothing yet in this connection. */
  toldVersion: number;
  toldValue: Value;
}

/**
 * The values of all documents, with versions. A change is told as a retained Snapshot and a Delta; while the outbox has
 * no room changes are folded together (policy `latest`): the next Delta spans all of them, so a reader sees no gap.
 */
export class DocumentStates {
  /** Chosen once per start (QN-1.4). */
  readonly epoch: bigint;
  readonly #publisher: Publisher;
  readonly #outbox: Outbox;
  readonly #stamp: StampChange;
  readonly #names: ToldNames | undefined;
  /** States of documents that are gone, which this broker may retain. */
  readonly #owed = new Set<string>(); // Of the names: bounded by them.
  readonly #states = new Map<string, State>(); // Bounded by documentsMax of the config and the agent's own.
  readonly #listeners = new Set<(document: string) => void>(); // One per reader inside the agent, added by start.ts.
  /** Versions of documents that are gone: one that comes again must not seem older (QN-1.5). */
  #versionFloor = 0;

  constructor(
    epoch: bigint,
    publisher: Publisher,
    outbox: Outbox,
    stamp: StampChange = countFromOne(),
    names?: ToldNames,
  ) {
    this.epoch = epoch;
    this.#names = names;
    this.#publisher = publisher;
    this.#outbox = outbox;
    this.#stamp = stamp;
  }

  /** Called after each change of a document, when its value can be read, until disposal. It must not throw. */
  onChange(listener: (document: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** The document has this value now; the same value again is no change. */
  change(document: string, value: Value): void {
    const state = this.#states.get(document);
    if (state !== undefined && isEqualValue(state.value, value)) return;
    const lsn = this.#stamp(document, value);
    if (state === undefined) {
      const told = { toldVersion: -1, toldValue: null };
      this.#names?.add(document);
      this.#states.set(document, { value, version: this.#versionFloor + 1, lsn, ...told }); // QN-1.5
    } else {
      state.value = value;
      state.version += 1;
      state.lsn = lsn;
    }
    this.flush();
    for (const listener of this.#listeners) listener(document);
  }

  /** There is no such document any more: what the broker retains of it is taken away. */
  remove(document: string): void {
    const state = this.#states.get(document);
    this.#states.delete(document);
    this.#versionFloor = Math.max(this.#versionFloor, state?.version ?? 0);
    if (state !== undefined || this.#names?.has(document)) this.#publisher.clear({ verb: 'state', document });
  }

  /** The Snapshot of a document (QN-5), or undefined when it has no value yet. */
  snapshot(document: string): Snapshot | undefined {
    const state = this.#states.get(document);
    return state === undefined ? undefined : this.#snapshotOf(state);
  }

  /** A new connection: nobody has been told anything (QN-5.3). */
  reannounce(): void {
    for (const state of this.#states.values()) state.toldVersion = -1;
    for (const name of this.#names?.gone() ?? []) this.#owed.add(name);
    this.flush();
  }

  /** Tells what is not told yet, as far as the outbox has room; call it again when there is more. */
  flush(): void {
    for (const [document, state] of this.#states) {
      if (state.toldVersion === state.version) continue;
      if (!this.#outbox.hasRoom) return;
      this.#tell(document, state); // One that finds no slot large enough must not stand in the way of the others.
    }
    for (const document of this.#owed) {
      if (!this.#outbox.hasRoom) return;
      this.#owed.delete(document);
      if (!this.#states.has(document)) this.#publisher.clear({ verb: 'state', document });
    }
  }

  #tell(document: string, state: State): void {
    const { version: ver, toldVersion: base } = state;
    const message = this.#snapshotOf(state);
    const onEnd = (fate: Fate) => {
      if (fate === 'dropped') state.toldVersion = -1; // Told again as soon as there is room.
    };
    const how = { policy: 'when-up', onEnd } as const;
    if (!this.#publisher.say({ message, to: { verb: 'state', document }, retain: true, ...how })) return;
    const patch = base < 0 ? undefined : createMergePatch(state.toldValue, state.value);
    if (patch !== undefined) {
      const delta = { t: 'delta', ep: this.epoch, ver, base, lsn: state.lsn, val: patch } as const;
      this.#publisher.say({ message: delta, to: { verb: 'delta', document }, retain: false, ...how });
    }
    state.toldVersion = ver;
    state.toldValue = state.value;
  }

  #snapshotOf({ value, version, lsn }: State): Snapshot {
    return { t: 'snapshot', ep: this.epoch, ver: version, lsn, val: value };
  }
}

function countFromOne(): StampChange {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}
