import type { Clock } from '../clock.ts';
import { sendAttemptsMax, sendDoubtAttempts, sendWindowCount } from '../limits.ts';
import { createInstruments, type SendTimes } from '../observe/instruments.ts';
import type { Pool } from '../pool/pool.ts';
import type { Slot } from '../pool/slot.ts';
import type { Link, LinkUp } from './link.ts';
import { type Fate, isAboutLink, type OutboxStats, type Outgoing } from './outgoing.ts';

/*
 *   head            next              tail
 *    │ in flight     │ waiting         │
 *    ▼               ▼                 ▼
 *   [a][a][·][a][a] [w][w][w][w][w][w]            a: acknowledged or not, · : its slot is already free
 *
 * Everything before `next` was handed to the link; `head` moves on when the oldest is acknowledged. When the link goes
 * down `next` returns to `head`, so that whatever was not acknowledged is sent again, in order and one at a time: if one
 * of them is what the broker hangs up on, it alone uses up its attempts. Most often the link flaps, though: so what was in
 * flight at several breaks waits for an answer to what the agent says on each connection anyway, its health and its states.
 */

/** One place of the link's window stays free: the goodbye must not wait behind a broker that acknowledges nothing. */
const outboxWindowCount = sendWindowCount - 1;

interface Entry {
  readonly slot: Slot;
  readonly outgoing: Omit<Outgoing, 'bytes' | 'onEnd'>;
  readonly sinceMs: number;
  /** Told once, when it left the outbox. */
  readonly onEnd?: (fate: Fate) => void;
  state: 'waiting' | 'in-flight' | 'done';
  /** How often it was handed over: an answer to an earlier attempt is not for this one. */
  attempt: number;
}

/**
 * The bounded queue between the agent and the link, in slots of the pool: every entry holds one, so the quota of the
 * holder `outbox` is its bound. In memory: a power cut empties it.
 */
export class Outbox {
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #times: SendTimes;
  readonly #entries: Entry[] = [];
  /** Nothing is taken that may be left out. */
  isSparing = false;
  #next = 0;
  #inFlight = 0;
  /** The broker answered to something on this connection. */
  #isProven = false;
  #window = outboxWindowCount;
  #link: Link | undefined;
  #dropped = 0;
  #sent = 0;
  #refused = 0;
  #onRoom: () => void = () => {};
  #isRoomToldSoon = false;
  #isClosed = false;

  constructor(clock: Clock, pool: Pool, times: SendTimes = createInstruments()) {
    this.#clock = clock;
    this.#pool = pool;
    this.#times = times;
  }

  /** Copies the bytes; false when they were not taken, by the policy or because they fit no slot. */
  send({ bytes, onEnd, ...outgoing }: Outgoing): boolean {
    if (this.#isClosed || (outgoing.policy === 'when-up' && this.#link === undefined)) return false;
    return this.#add(this.#acquire(bytes.byteLength, outgoing), bytes, outgoing, onEnd);
  }

  /** Like `send` with the policy keep, but nothing is dropped for it: false when there is no room. */
  offer({ bytes, ...outgoing }: Outgoing, onEnd: (fate: Fate) => void): boolean {
    return !this.#isClosed && this.#add(this.#pool.acquire('outbox', bytes.byteLength), bytes, outgoing, onEnd);
  }

  /** Takes back what was offered with this `onEnd`, which is not called then; false when it is on its way, or gone. */
  withdraw(onEnd: (fate: Fate) => void): boolean {
    const index = this.#entries.findIndex((entry, at) => at >= this.#next && entry.onEnd === onEnd);
    const [entry] = index < 0 ? [] : this.#entries.splice(index, 1);
    if (entry !== undefined) this.#letGo(entry);
    return entry !== undefined;
  }

  /** The link is there; our window is never wider than what the broker takes at a time. */
  up(link: Link, { receiveMaximum }: LinkUp): void {
    this.#link = link;
    this.#window = Math.max(1, Math.min(outboxWindowCount, receiveMaximum - 1));
    this.#pump();
  }

  /** The link is gone; what was kept begins again at the oldest. */
  down(): void {
    this.#link = undefined;
    this.#next = 0;
    this.#inFlight = 0;
    this.#isProven = false;
    const isWorn = ({ attempt }: Entry) => attempt >= sendAttemptsMax;
    const left = this.#entries.filter(({ outgoing, state }) => state !== 'done' && outgoing.policy === 'keep');
    this.#refused += left.filter(isWorn).length;
    const kept = left.filter((entry) => !isWorn(entry));
    const gone = this.#entries.filter((entry) => !kept.includes(entry) && entry.state !== 'done');
    for (const entry of gone) this.#letGo(entry);
    for (const entry of kept) entry.state = 'waiting';
    this.#entries.splice(0, this.#entries.length, ...kept);
    for (const entry of gone) if (entry.attempt > 0) entry.onEnd?.('refused');
  }

  /** Called after an acknowledgement made room, at most once per turn of the event loop. */
  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  /** Whether a `when-up` message is taken just now without standing in the way of others. */
  get hasRoom(): boolean {
    return this.#link !== undefined && this.#entries.length - this.#next < this.#window;
  }

  stats(): OutboxStats {
    const oldest = this.#entries.find(({ state }) => state !== 'done');
    const oldestMs = oldest === undefined ? 0 : Math.round(this.#clock.monotonicMs() - oldest.sinceMs);
    const depth = this.#entries.length - this.#next;
    const counts = { dropped: this.#dropped, sent: this.#sent, refused: this.#refused };
    return { depth, inFlight: this.#inFlight, oldestMs, ...counts };
  }

  /** True when everything was acknowledged, false after `timeoutMs` or when the link went down. */
  async drain(timeoutMs: number): Promise<boolean> {
    const untilMs = this.#clock.monotonicMs() + timeoutMs;
    while (this.#entries.length > 0 && this.#link !== undefined && this.#clock.monotonicMs() < untilMs) {
      await new Promise<void>((resolve) => void this.#clock.after(5, resolve));
    }
    return this.#entries.length === 0;
  }

  /** Lets go of every slot, and takes nothing more: on a busy board the store answers so late. The link must be closed already. */
  close(): void {
    this.#isClosed = true;
    this.#link = undefined;
    for (const entry of this.#entries) this.#letGo(entry);
    this.#entries.length = 0;
    this.#next = 0;
  }

  #add(slot: Slot | undefined, bytes: Uint8Array, outgoing: Entry['outgoing'], onEnd?: Entry['onEnd']): boolean {
    if (slot === undefined) return false;
    slot.payload.set(bytes);
    slot.setLength(bytes.byteLength);
    const sinceMs = this.#clock.monotonicMs();
    const told = onEnd === undefined ? {} : { onEnd };
    this.#entries.push({ slot, outgoing, sinceMs, ...told, state: 'waiting', attempt: 0 });
    this.#pump();
    return true;
  }

  #acquire(byteLength: number, { policy, isPassing }: Entry['outgoing']): Slot | undefined {
    const slot = this.#pool.acquire('outbox', byteLength);
    if (slot !== undefined) return slot;
    if (policy === 'when-up') return this.#goOn();
    this.#dropped += 1; // One goes either way: the oldest that would make room, or this one.
    return this.#dropOldest(byteLength, isPassing) ? this.#pool.acquire('outbox', byteLength) : undefined;
  }

  /** There is no room for what could prove this connection. */
  #goOn(): undefined {
    this.#isProven = true;
    this.#pump();
  }

  #dropOldest(byteLength: number, isForPassing = false): boolean {
    const isFit = ({ slot }: Entry, at: number) => at >= this.#next && slot.payload.byteLength >= byteLength;
    const passing = this.#entries.findIndex((entry, at) => entry.outgoing.isPassing === true && isFit(entry, at));
    const index = passing >= 0 || isForPassing ? passing : this.#entries.findIndex(isFit);
    const [entry] = index < 0 ? [] : this.#entries.splice(index, 1);
    if (entry === undefined) return false;
    this.#letGo(entry);
    entry.onEnd?.('dropped');
    return true;
  }

  #pump(): void {
    while (this.#link !== undefined && this.#inFlight < this.#window) {
      const entry = this.#upNext();
      if (entry === undefined || this.#isOnTrial || (entry.attempt > 0 && this.#inFlight > 0)) return;
      this.#next += 1;
      this.#hand(entry, this.#link);
    }
  }

  #upNext(): Entry | undefined {
    const entry = this.#entries[this.#next];
    if (entry === undefined || this.#isProven || entry.attempt < sendDoubtAttempts || this.#inFlight > 0) return entry;
    // Only what is said anew anyway may overtake.
    const index = this.#entries.findIndex(({ outgoing }, at) => at > this.#next && outgoing.policy === 'when-up');
    const [proof] = index < 0 ? [] : this.#entries.splice(index, 1);
    if (proof !== undefined) this.#entries.splice(this.#next, 0, proof);
    return proof;
  }

  /** Whether the one in flight was so already when a connection broke: then it goes alone. Such come before all others. */
  get #isOnTrial(): boolean {
    const latest = this.#entries[this.#next - 1];
    return latest?.state === 'in-flight' && latest.attempt > 1;
  }

  #hand(entry: Entry, link: Link): void {
    entry.state = 'in-flight';
    entry.attempt += 1;
    const { attempt } = entry;
    const sinceMs = this.#clock.monotonicMs();
    if (attempt === 1) this.#times.sendWait.record(sinceMs - entry.sinceMs);
    this.#inFlight += 1;
    link.publish({ ...entry.outgoing, payload: entry.slot.bytes() }, (result) => {
      if (entry.attempt !== attempt || entry.state !== 'in-flight') return;
      if (!result.ok && isAboutLink(result.error)) return; // `down` follows and begins again.
      this.#inFlight -= 1;
      if (result.ok) this.#times.acknowledge.record(this.#clock.monotonicMs() - sinceMs);
      if (entry.outgoing.qos > 0) this.#isProven = true;
      if (result.ok) this.#sent += 1;
      else this.#refused += 1; // Sending the same again would be refused again.
      this.#finish(entry, result.ok ? 'sent' : 'refused');
    });
  }

  #finish(entry: Entry, fate: Fate): void {
    this.#letGo(entry);
    while (this.#entries[0]?.state === 'done') {
      this.#entries.shift();
      this.#next -= 1;
    }
    entry.onEnd?.(fate);
    this.#pump();
    this.#tellRoom();
  }

  #letGo(entry: Entry): void {
    if (entry.state === 'done') return;
    entry.state = 'done';
    this.#pool.release(entry.slot);
  }

  #tellRoom(): void {
    if (this.#isRoomToldSoon) return;
    this.#isRoomToldSoon = true;
    setImmediate(() => {
      this.#isRoomToldSoon = false;
      if (this.#link !== undefined) this.#onRoom();
    });
  }
}
