import type { Clock } from '../clock.ts';
import { storedInHandCount } from '../limits.ts';
import type { StoredMessage } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { DrainPace } from './drain-pace.ts';
import type { DurableOutgoing, DurableStats, Held, Place } from './durable-message.ts';
import { copyOf, durableStats, offerNow, putInto, readBack } from './durable-message.ts';
import { LatestOnly } from './latest-only.ts';
import type { Outbox } from './outbox.ts';
import type { Fate } from './outgoing.ts';
import { SoonSweep } from './soon-sweep.ts';

/**
 * The outbox with the store behind it. While the memory has room, messages go straight to it. When it has not, or what
 * an earlier life left behind is still to be sent, new ones wait in the store alone (`backlog`), and are read back in
 * order, a few at a time and at a limited rate. Answers (`first`) do not wait behind a backlog while memory has room.
 */
export class DurableOutbox {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #store: Store | undefined;
  readonly #pace: DrainPace;
  readonly #latest: LatestOnly;
  readonly #held = new Set<Held>(); // Each one has a slot of the outbox.
  readonly #sweep: SoonSweep;
  readonly #inHand = new Set<number>(); // Sequences of #held, and those on their way into the store.
  #readUpTo = 0;
  #isBacklog: boolean;
  #isReading = false;
  #rewinds = 0; // A read that was under way when reading had to go back has skipped something.
  #isUp = false;
  /** Settles when the last answer (`first`) is on the disk, or cannot be put there; with it all those before. */
  answered: Promise<unknown> = Promise.resolve();
  #leftOut = 0;

  constructor(clock: Clock, outbox: Outbox, store: Store | undefined) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.#store = store;
    this.#latest = new LatestOnly(outbox, store?.outbox);
    this.#pace = new DrainPace(clock);
    this.#sweep = new SoonSweep(clock, this.#held, (held) => void this.#put(held));
    // A store that could not be read yet may have something all the same.
    this.#isBacklog = store !== undefined && (store.state !== 'working' || store.outbox.count > 0);
  }

  stats(): DurableStats {
    return durableStats(this.#leftOut, this.#store?.outbox);
  }

  /** Copies the bytes; false when they were not taken. */
  send(message: DurableOutgoing): boolean {
    if (message.waits === 'drop') return this.#sendNow(message);
    if (message.durability === 'none' || this.#store?.state !== 'working') return this.#outbox.send(message);
    const held: Held = { message, sinceMs: this.#clock.monotonicMs(), at: {} };
    if (message.durability === 'first') return this.#putFirst(copyOf(held));
    if (message.waits === 'latest') for (const place of this.#latest.replace(held, this.#held)) this.#leaveOut(place);
    if (this.#isBacklog) return this.#putOnly(held);
    if (this.#offer(held)) return true;
    this.#putAll(); // Before the new one: the store keeps the order.
    return this.#putOnly(held);
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
    else if (this.#held.size > 0) this.#sweep.start();
    if (this.#isMoreStored()) this.#beginBacklog(1);
  }

  /** There is room in memory: reads on where it stopped. */
  refill(): void {
    if (!this.#isBacklog || this.#isReading || this.#store === undefined) return;
    if (!this.#outbox.hasRoom || this.#held.size >= storedInHandCount) return;
    const count = this.#pace.allowed(storedInHandCount, () => this.refill());
    if (count === 0) return;
    this.#isReading = true;
    const rewinds = this.#rewinds;
    void this.#store.outbox.oldest(count, this.#readUpTo).then((read) => {
      this.#isReading = false;
      if (rewinds !== this.#rewinds) return this.refill();
      if (!read.ok) return; // `storeChanged` goes on when it works.
      const taken = read.value.every((row) => this.#takeBack(row));
      if (taken && read.value.length < count) this.#isBacklog = this.#isMoreStored();
      if (taken && read.value.length > 0) this.refill();
    });
  }

  /** Puts what is in memory alone into the store, and waits for the disk. */
  async flush(): Promise<void> {
    this.#sweep[Symbol.dispose]();
    this.#pace[Symbol.dispose]();
    await Promise.all([...this.#held].map((held) => this.#put(held)));
  }

  #sendNow(message: DurableOutgoing): boolean {
    const isTaken = this.#isUp && offerNow(this.#outbox, message, () => void (this.#leftOut += 1));
    if (!isTaken) this.#leftOut += 1;
    return isTaken;
  }

  #putFirst(held: Held): boolean {
    const written = this.#put(held);
    this.answered = written;
    const { sequence } = held.at;
    if (sequence === undefined) return this.#outbox.send(held.message);
    this.#inHand.add(sequence);
    void written.then((isDurable) => {
      if (!isDurable) return this.#sendUnstored(held);
      if (this.#offer(held)) return;
      this.#inHand.delete(sequence);
      this.#beginBacklog(sequence);
    });
    return true;
  }

  #putOnly(held: Held): boolean {
    const copy = copyOf(held);
    const written = this.#put(copy);
    const { sequence } = copy.at;
    if (sequence === undefined) return this.#outbox.send(copy.message);
    this.#pace.grew();
    this.#beginBacklog(sequence);
    void written.then((isDurable) => {
      if (!isDurable) return this.#sendUnstored(copy);
      this.refill(); // A read that was under way did not see it.
    });
    return true;
  }

  /** The store could not keep it after all: then memory does, by its own policy. */
  #sendUnstored(held: Held): void {
    if (held.at.isOver !== true && !this.#held.has(held) && !this.#offer(held)) this.#outbox.send(held.message);
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

  #takeBack(row: StoredMessage): boolean {
    this.#readUpTo = row.sequence;
    const isGone = this.#store?.outbox.has(row.sequence) !== true; // Since it was read.
    if (isGone || this.#inHand.has(row.sequence)) return true;
    if (this.#latest.isOutdated(row)) {
      this.#leaveOut({ sequence: row.sequence });
      return true;
    }
    const isTaken = this.#offer({ message: readBack(row), sinceMs: 0, at: { sequence: row.sequence } });
    if (isTaken) this.#pace.spend();
    else this.#readUpTo = row.sequence - 1;
    return isTaken;
  }

  #offer(held: Held): boolean {
    const onEnd = (fate: Fate) => this.#ended(held, fate);
    held.at.onEnd = onEnd;
    const isTaken = this.#outbox.offer(held.message, onEnd);
    if (!isTaken) delete held.at.onEnd;
    if (!isTaken || held.at.isOver === true) return isTaken; // The link may have answered at once.
    this.#held.add(held);
    if (held.at.sequence !== undefined) this.#inHand.add(held.at.sequence);
    else if (this.#isUp) this.#sweep.start();
    else void this.#put(held);
    return true;
  }

  #ended(held: Held, fate: Fate): void {
    this.#held.delete(held);
    delete held.at.onEnd;
    if (fate === 'dropped') return this.#evicted(held);
    held.at.isOver = true;
    const { sequence } = held.at;
    const isDropped = sequence !== undefined && this.#store?.outbox.has(sequence) === false;
    if (isDropped && fate === 'sent') this.#store?.outbox.recount(held.message.document);
    this.#forget(held.at);
    this.refill();
  }

  /** Its row in the store is not needed any more. */
  #forget({ sequence }: Place): void {
    if (sequence === undefined) return;
    this.#inHand.delete(sequence);
    void this.#store?.outbox.remove(sequence);
  }

  /** Others needed its place in memory; in the store it is not lost. */
  #evicted(held: Held): void {
    void this.#put(held).then((isDurable) => {
      if (!isDurable && this.#store?.state === 'working') this.#sendUnstored(held);
    });
    const { sequence } = held.at;
    if (sequence === undefined) return;
    this.#inHand.delete(sequence);
    this.#beginBacklog(sequence);
  }

  /** A newer one is there, and it is not on its way. */
  #leaveOut(place: Place): void {
    for (const held of this.#held) if (held.at === place) this.#held.delete(held);
    place.isOver = true;
    this.#forget(place);
    this.#leftOut += 1;
  }

  /** Gives it its place in the store; true when it is durable there. */
  async #put({ message: whole, at }: Held): Promise<boolean> {
    if (at.sequence !== undefined || this.#store?.state !== 'working') return at.sequence !== undefined;
    const put = putInto(this.#store.outbox, whole);
    if (put === undefined) return false;
    const { sequence, written } = put;
    at.sequence = sequence;
    if (at.onEnd !== undefined) this.#inHand.add(sequence);
    if ((await written).ok) return true;
    this.#inHand.delete(sequence);
    delete at.sequence;
    void this.#store?.outbox.remove(sequence); // It may be there all the same; memory has it, and may put it again.
    return false;
  }

  #putAll(): void {
    for (const held of this.#held) void this.#put(held);
  }
}
