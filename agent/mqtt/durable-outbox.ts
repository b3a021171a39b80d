import type { Clock } from '../clock.ts';
import { storedInHandCount, storeSoonMs } from '../limits.ts';
import type { StoredMessage } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Fate, Outbox, Outgoing } from './outbox.ts';

/** How much a message may outlive the agent. */
export type Durability =
  /** Not at all: it is said anew, or nobody waits for it after a restart. */
  | 'none'
  /** Sent at once, and put into the store unless the broker acknowledged it within `storeSoonMs`. */
  | 'soon'
  /** In the store before it is sent; in one commit with whatever was journaled in the same turn. */
  | 'first';

export interface DurableOutgoing extends Outgoing {
  readonly document: string;
  readonly durability: Durability;
}

/** A message in the hands of the outbox, or on its way into the store; its place there, once it has one. */
interface Held {
  readonly message: DurableOutgoing;
  readonly sinceMs: number;
  sequence?: number;
  /** The broker has it, or does not want it: whatever becomes of its row, it is not sent again. */
  isOver?: boolean;
}

/**
 * The outbox with the store behind it. While the memory has room, messages go straight to it. When it has not, or what
 * an earlier life left behind is still to be sent, new ones wait in the store alone (`backlog`), and are read back in
 * order, a few at a time, so that live answers do not wait behind them.
 */
export class DurableOutbox {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #store: Store | undefined;
  readonly #held = new Set<Held>(); // Each one has a slot of the outbox.
  readonly #inHand = new Set<number>(); // Sequences of #held, and those on their way into the store.
  #readUpTo = 0;
  #isBacklog: boolean;
  #isReading = false;
  #rewinds = 0; // A read that was under way when reading had to go back has skipped something.
  #isUp = false;
  #sweep: Disposable | undefined;

  constructor(clock: Clock, outbox: Outbox, store: Store | undefined) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.#store = store;
    // A store that could not be read yet may have something all the same.
    this.#isBacklog = store !== undefined && (store.state !== 'working' || store.outbox.count > 0);
  }

  /** Copies the bytes; false when they were not taken. */
  send(message: DurableOutgoing): boolean {
    if (message.durability === 'none' || this.#store?.state !== 'working') return this.#outbox.send(message);
    if (message.durability === 'first') return this.#putFirst(message);
    if (this.#isBacklog) return this.#putOnly(message);
    if (this.#offer({ message, sinceMs: this.#clock.monotonicMs() })) return true;
    this.#putAll(); // Before the new one: the store keeps the order.
    return this.#putOnly(message);
  }

  /** The link is there; call it when the outbox knows. */
  up(): void {
    this.#isUp = true;
    this.storeChanged(); // It may have changed before anybody listened.
  }

  /** The link went down: nobody knows for how long. */
  down(): void {
    this.#isUp = false;
    this.#putAll();
  }

  /** The state of the store changed. What an earlier life left, and what could not be written, is found when it works. */
  storeChanged(): void {
    if (this.#store?.state !== 'working') return;
    if (!this.#isUp) this.#putAll();
    else if (this.#held.size > 0) this.#sweepSoon();
    if (this.#isMoreStored()) this.#beginBacklog(1);
  }

  /** There is room in memory: reads on where it stopped. */
  refill(): void {
    if (!this.#isBacklog || this.#isReading || this.#store === undefined) return;
    if (!this.#outbox.hasRoom || this.#held.size >= storedInHandCount) return;
    this.#isReading = true;
    const rewinds = this.#rewinds;
    void this.#store.outbox.oldest(storedInHandCount, this.#readUpTo).then((read) => {
      this.#isReading = false;
      if (rewinds !== this.#rewinds) return this.refill();
      if (!read.ok) return; // `storeChanged` goes on when it works.
      const taken = read.value.every((row) => this.#takeBack(row));
      if (taken && read.value.length < storedInHandCount) this.#isBacklog = this.#isMoreStored();
      if (taken && read.value.length > 0) this.refill();
    });
  }

  /** Puts what is in memory alone into the store, and waits for the disk. */
  async flush(): Promise<void> {
    this.#sweep?.[Symbol.dispose]();
    await Promise.all([...this.#held].map((held) => this.#put(held)));
  }

  #putFirst(message: DurableOutgoing): boolean {
    if (this.#isBacklog) return this.#putOnly(message);
    const held: Held = { message: copyOf(message), sinceMs: this.#clock.monotonicMs() };
    const written = this.#put(held);
    const { sequence } = held;
    if (sequence === undefined) return this.#outbox.send(message);
    this.#inHand.add(sequence);
    void written.then((isDurable) => {
      if (!isDurable) return this.#sendUnstored(held);
      if (!this.#isBacklog && this.#offer(held)) return;
      this.#inHand.delete(sequence);
      this.#beginBacklog(sequence);
    });
    return true;
  }

  #putOnly(message: DurableOutgoing): boolean {
    const held: Held = { message: copyOf(message), sinceMs: this.#clock.monotonicMs() };
    const written = this.#put(held);
    if (held.sequence === undefined) return this.#outbox.send(message);
    this.#beginBacklog(held.sequence);
    void written.then((isDurable) => {
      if (!isDurable) return this.#sendUnstored(held);
      this.refill(); // A read that was under way did not see it.
    });
    return true;
  }

  /** The store could not keep it after all: then memory does, by its own policy. */
  #sendUnstored(held: Held): void {
    if (held.isOver !== true && !this.#held.has(held) && !this.#offer(held)) this.#outbox.send(held.message);
  }

  /** A message that is stored and not in hand: everything behind it has to wait for it. */
  #beginBacklog(sequence: number): void {
    const before = sequence - 1;
    if (!this.#isBacklog || before < this.#readUpTo) {
      this.#readUpTo = before;
      this.#rewinds += 1;
    }
    this.#isBacklog = true;
    this.refill();
  }

  /** Whether anything is stored that is not in hand. */
  #isMoreStored(): boolean {
    return (this.#store?.outbox.count ?? 0) > this.#inHand.size;
  }

  #takeBack({ policy: _policy, ...row }: StoredMessage): boolean {
    this.#readUpTo = row.sequence;
    if (this.#inHand.has(row.sequence)) return true;
    const message = { ...row, policy: 'keep', durability: 'soon' } as const;
    if (this.#offer({ message, sinceMs: 0, sequence: row.sequence })) return true;
    this.#readUpTo = row.sequence - 1;
    return false;
  }

  #offer(held: Held): boolean {
    const isTaken = this.#outbox.offer(held.message, (fate) => this.#ended(held, fate));
    if (!isTaken) return false;
    if (held.isOver === true) return true; // The link answered at once.
    this.#held.add(held);
    if (held.sequence !== undefined) this.#inHand.add(held.sequence);
    else if (this.#isUp) this.#sweepSoon();
    else void this.#put(held);
    return true;
  }

  #ended(held: Held, fate: Fate): void {
    this.#held.delete(held);
    if (fate === 'dropped') return this.#evicted(held);
    held.isOver = true;
    if (held.sequence !== undefined) {
      this.#inHand.delete(held.sequence);
      void this.#store?.outbox.remove(held.sequence);
    }
    this.refill();
  }

  /** Others needed its place in memory; in the store it is not lost. */
  #evicted(held: Held): void {
    void this.#put(held).then((isDurable) => {
      if (!isDurable && this.#store?.state === 'working') this.#sendUnstored(held);
    });
    if (held.sequence === undefined) return;
    this.#inHand.delete(held.sequence);
    this.#beginBacklog(held.sequence);
  }

  /** Gives it its place in the store; true when it is durable there. */
  async #put(held: Held): Promise<boolean> {
    if (held.sequence !== undefined || this.#store?.state !== 'working') return held.sequence !== undefined;
    const { durability: _durability, properties = {}, ...message } = held.message;
    const { outbox } = this.#store;
    const { lastSequence } = outbox;
    const written = outbox.put({ ...message, properties });
    if (outbox.lastSequence === lastSequence) return false; // It has no place for such a message at all.
    const sequence = outbox.lastSequence;
    held.sequence = sequence;
    if (this.#held.has(held)) this.#inHand.add(sequence);
    if ((await written).ok) return true;
    this.#inHand.delete(sequence);
    delete held.sequence;
    void outbox.remove(sequence); // It may be there all the same; memory has it, and may put it again.
    return false;
  }

  #putAll(): void {
    for (const held of this.#held) void this.#put(held);
  }

  #sweepSoon(): void {
    this.#sweep ??= this.#clock.after(storeSoonMs, () => {
      this.#sweep = undefined;
      const untilMs = this.#clock.monotonicMs() - storeSoonMs;
      const waiting = [...this.#held].filter(({ sequence }) => sequence === undefined);
      for (const held of waiting) if (held.sinceMs <= untilMs) void this.#put(held);
      if (waiting.some(({ sinceMs }) => sinceMs > untilMs)) this.#sweepSoon();
    });
  }
}

/** The bytes may be the caller's own buffer, and this message waits for the disk. */
function copyOf(message: DurableOutgoing): DurableOutgoing {
  return { ...message, bytes: Uint8Array.from(message.bytes) };
}
