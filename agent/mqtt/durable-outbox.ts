import type { Clock } from '../clock.ts';
import { storedInHandCount, storeSoonMs } from '../limits.ts';
import type { StoredMessage } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Outbox, Outgoing } from './outbox.ts';

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

/** A message in the hands of the outbox; its place in the store, once it has one. */
interface Held {
  readonly message: DurableOutgoing;
  readonly sinceMs: number;
  sequence?: number;
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

  /** The link went down: nobody knows for how long. */
  down(): void {
    this.#putAll();
  }

  /** There is room in memory: reads on where it stopped. */
  refill(): void {
    if (!this.#isBacklog || this.#isReading || this.#store === undefined) return;
    if (!this.#outbox.hasRoom || this.#held.size >= storedInHandCount) return;
    this.#isReading = true;
    void this.#store.outbox.oldest(storedInHandCount, this.#readUpTo).then((read) => {
      this.#isReading = false;
      if (!read.ok) return; // The store says so in health, and calls again when it works.
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
    const held: Held = { message: copyOf(message), sinceMs: this.#clock.monotonicMs() };
    const isAlone = this.#isBacklog; // Then reading on will find it.
    const written = this.#put(held);
    const { sequence } = held;
    if (sequence === undefined) return this.#outbox.send(message);
    if (isAlone) return true;
    this.#inHand.add(sequence);
    void written.then((isDurable) => {
      if (this.#offer(held)) return;
      this.#inHand.delete(sequence);
      if (isDurable) this.#beginBacklog(sequence);
    });
    return true;
  }

  #putOnly(message: DurableOutgoing): boolean {
    const held: Held = { message: copyOf(message), sinceMs: 0 };
    void this.#put(held).then((isDurable) => {
      if (!isDurable && held.sequence !== undefined) this.#outbox.send(held.message); // Sent twice rather than lost.
    });
    if (held.sequence !== undefined) this.#beginBacklog(held.sequence);
    return held.sequence !== undefined;
  }

  /** A message that is stored and not in hand: everything behind it has to wait for it. */
  #beginBacklog(sequence: number): void {
    this.#readUpTo = this.#isBacklog ? Math.min(this.#readUpTo, sequence - 1) : sequence - 1;
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
    this.#held.add(held);
    if (held.sequence !== undefined) this.#inHand.add(held.sequence);
    else this.#sweepSoon();
    return true;
  }

  #ended(held: Held, fate: 'sent' | 'refused' | 'dropped'): void {
    this.#held.delete(held);
    if (fate === 'dropped') {
      void this.#put(held); // Others needed its place in memory; in the store it is not lost.
      if (held.sequence !== undefined) this.#inHand.delete(held.sequence);
      if (held.sequence !== undefined) this.#beginBacklog(held.sequence);
      return;
    }
    if (held.sequence !== undefined) {
      this.#inHand.delete(held.sequence);
      void this.#store?.outbox.remove(held.sequence);
    }
    this.refill();
  }

  /** Gives it its place in the store; true when it is durable there. */
  async #put(held: Held): Promise<boolean> {
    if (held.sequence !== undefined || this.#store?.state !== 'working') return held.sequence !== undefined;
    const { durability: _durability, properties = {}, ...message } = held.message;
    const written = this.#store.outbox.put({ ...message, properties });
    held.sequence = this.#store.outbox.lastSequence;
    if (this.#held.has(held)) this.#inHand.add(held.sequence);
    return (await written).ok;
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
