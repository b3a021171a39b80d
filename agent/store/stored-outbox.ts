import { ok, type Result } from '../../drivers/contract/result.ts';
import { assert } from '../assert.ts';
import { documentsMax, storeRowOverheadBytes } from '../limits.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Disk } from './disk.ts';
import { refuse, type StoreError } from './error.ts';
import type { Room } from './keeper.ts';
import type { StoreLimits } from './limits.ts';
import type { Loaded, OutboxMark, StoredMessage, Write } from './rows.ts';
import type { MessageToStore, StoredOutbox } from './store.ts';

/** Sequences below this are used up: a number is reserved before it is given, many at a time. */
const reservedKey = 'store.outbox-reserved';
const reservedStep = 1_000;

/** The outbox over a queue of commits. In memory are marks only; content is read from the disk when it is drained. */
export class QueuedOutbox implements StoredOutbox, Room {
  readonly #disk: Disk;
  readonly #queue: CommitQueue;
  readonly #limits: StoreLimits;
  readonly #marks = new Map<number, OutboxMark>(); // Insertion order is sequence order.
  readonly #owedRemovals = new Set<number>(); // What the disk had when it was read, and what was put since, at most.
  readonly #latest = new Map<string, Set<number>>(); // Those of #marks; by document, in order.
  readonly #dropped = new Map<string, number>();
  #costBytes = 0;
  #lastSequence = 0;
  #reserved = 0;

  constructor(disk: Disk, queue: CommitQueue, limits: StoreLimits) {
    this.#disk = disk;
    this.#queue = queue;
    this.#limits = limits;
  }

  get count(): number {
    return this.#marks.size;
  }

  get costBytes(): number {
    return this.#costBytes;
  }

  has(sequence: number): boolean {
    return this.#marks.has(sequence);
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped;
  }

  async put({ sequence = this.#lastSequence + 1, ...rest }: MessageToStore): Promise<Result<number, StoreError>> {
    assert(Number.isSafeInteger(sequence) && sequence > this.#lastSequence, `sequence ${sequence} out of order`);
    const message = { ...copyOf(rest), sequence };
    const costBytes = costOf(message);
    if (costBytes > this.#limits.outboxBytesMax) {
      return refuse('too-large', 'put', 'outbox', `a message of ${costBytes} bytes to ${rest.topic}`);
    }
    const full = this.#queue.refusal('put', costBytes);
    if (full !== undefined) return full;
    const writes = [...this.#makeRoom(costBytes), ...this.#reserve(sequence)];
    this.#lastSequence = sequence;
    this.#add({ sequence, document: rest.document, policy: rest.policy, costBytes });
    const written = await this.#queue.write([...writes, { kind: 'outbox-put', message, costBytes }], costBytes);
    return written.ok ? ok(sequence) : written; // The marks are read anew when the disk works again.
  }

  async remove(sequence: number): Promise<Result<void, StoreError>> {
    if (!this.#drop(sequence)) return ok();
    this.#owedRemovals.add(sequence);
    const removed = await this.#queue.write([{ kind: 'outbox-remove', sequence }], storeRowOverheadBytes);
    if (removed.ok) this.#owedRemovals.delete(sequence);
    return removed;
  }

  latestOf(document: string): readonly number[] {
    return [...(this.#latest.get(document) ?? [])];
  }

  recount(document: string): void {
    const counted = this.#dropped.has(document) ? document : '';
    const count = (this.#dropped.get(counted) ?? 0) - 1;
    if (count < 0) return;
    this.#dropped.set(counted, count);
    void this.#queue.write([{ kind: 'outbox-dropped', document: counted, count }], storeRowOverheadBytes);
  }

  oldest(count: number, afterSequence: number): Promise<Result<readonly StoredMessage[], StoreError>> {
    const query = { afterSequence, countMax: count, bytesMax: this.#limits.outboxReadBytesMax };
    return this.#queue.read(() => this.#disk.readOutbox(query));
  }

  load({ outbox, dropped, values }: Loaded): readonly Write[] {
    this.#marks.clear();
    this.#latest.clear();
    this.#costBytes = 0;
    const owed = outbox.filter(({ sequence }) => this.#owedRemovals.has(sequence));
    this.#owedRemovals.clear();
    for (const { sequence } of owed) this.#owedRemovals.add(sequence); // Until it is read again: these may fail as well.
    for (const mark of outbox) if (!this.#owedRemovals.has(mark.sequence)) this.#add(mark);
    for (const [document, count] of dropped) this.#dropped.set(document, count);
    this.#reserved = Number(values.find(({ key }) => key === reservedKey)?.text ?? 0);
    this.#lastSequence = Math.max(this.#lastSequence, this.#reserved, outbox.at(-1)?.sequence ?? 0);
    const removals = owed.map(({ sequence }) => ({ kind: 'outbox-remove' as const, sequence }));
    return [...removals, ...this.#makeRoom(0)];
  }

  /** Drops the oldest until a message of that cost fits. */
  #makeRoom(costBytes: number): readonly Write[] {
    const { outboxCountMax, outboxBytesMax } = this.#limits;
    const countMax = costBytes === 0 ? outboxCountMax : outboxCountMax - 1;
    const writes: Write[] = [];
    const touched = new Set<string>();
    for (const { sequence, document } of this.#marks.values()) {
      if (this.#marks.size <= countMax && this.#costBytes + costBytes <= outboxBytesMax) break;
      this.#drop(sequence);
      const counted = this.#dropped.has(document) || this.#dropped.size < documentsMax ? document : '';
      this.#dropped.set(counted, (this.#dropped.get(counted) ?? 0) + 1);
      touched.add(counted);
      writes.push({ kind: 'outbox-remove', sequence });
    }
    for (const document of touched) {
      writes.push({ kind: 'outbox-dropped', document, count: this.#dropped.get(document) ?? 0 });
    }
    return writes;
  }

  /** Until the reservation is durable it goes along with every put: all of them in one commit, mostly. */
  #reserve(sequence: number): readonly Write[] {
    if (sequence <= this.#reserved) return [];
    this.#reserved = sequence + reservedStep; // Read anew when this commit fails.
    return [{ kind: 'value-put', key: reservedKey, text: String(this.#reserved) }];
  }

  #add(mark: OutboxMark): void {
    this.#marks.set(mark.sequence, mark);
    this.#costBytes += mark.costBytes;
    if (mark.policy !== 'latest') return;
    const ofDocument = this.#latest.get(mark.document) ?? new Set();
    this.#latest.set(mark.document, ofDocument.add(mark.sequence));
  }

  #drop(sequence: number): boolean {
    const mark = this.#marks.get(sequence);
    if (mark === undefined) return false;
    this.#marks.delete(sequence);
    this.#costBytes -= mark.costBytes;
    const ofDocument = this.#latest.get(mark.document);
    if (ofDocument?.delete(sequence) === true && ofDocument.size === 0) this.#latest.delete(mark.document);
    return true;
  }
}

type Content = Omit<MessageToStore, 'sequence'>;

function copyOf({ bytes, properties, ...rest }: Content): Content {
  const { correlationData } = properties;
  const copy = correlationData === undefined ? {} : { correlationData: Uint8Array.from(correlationData) };
  return { ...rest, bytes: Uint8Array.from(bytes), properties: { ...properties, ...copy } };
}

function costOf({ topic, document, bytes, properties }: Content): number {
  const { contentType = '', responseTopic = '', traceparent = '', correlationData } = properties;
  const texts = [topic, document, contentType, responseTopic, traceparent];
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return storeRowOverheadBytes + textBytes + bytes.byteLength + (correlationData?.byteLength ?? 0);
}
