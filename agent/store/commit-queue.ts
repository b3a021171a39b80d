import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Disk, DiskCounters } from './disk.ts';
import { refuse, type StoreError, storeError } from './error.ts';
import type { StoreLimits } from './limits.ts';
import { Samples, type StoreMetrics } from './metrics.ts';
import type { Write } from './rows.ts';

interface WriteItem {
  readonly kind: 'write';
  readonly writes: readonly Write[];
  readonly costBytes: number;
  readonly sinceMs: number;
  readonly settle: (result: Result<void, StoreError>) => void;
}

interface ReadItem {
  readonly kind: 'read';
  readonly costBytes: 0;
  /** Resolves when the disk is free again; a failure is told before the caller hears of it. */
  readonly run: (failed: (error: StoreError) => void) => Promise<void>;
  readonly refuse: (error: StoreError) => void;
}

type Item = WriteItem | ReadItem;

type QueueMetrics = Omit<StoreMetrics, keyof DiskCounters | 'state' | 'recoveries'>;

/** What goes along with a commit that happens anyway. */
export interface Riders {
  take(): readonly Write[];
  /** They are durable. */
  settle(): void;
}

/** Told after each call to the disk, before anybody else can call. */
export interface QueueWatcher {
  failed(error: StoreError): void;
  succeeded(): void;
}

/**
 * Group commit: what was called in one turn of the event loop, or while the disk was busy, becomes one transaction. Reads
 * wait for the writes before them, so that everybody reads what they wrote.
 *
 * What was changed in memory reaches the disk: whoever changes it calls `write` in the same turn, and the disk gets the
 * writes in the order of calls. Only the gate refuses them, and before it opens memory is compared with the disk, in the
 * turn in which it opens: each change is in that comparison, or behind it in the queue. So nothing is refused for want of
 * room behind its change: whoever remembers something new asks for room first.
 */
export class CommitQueue {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #limits: StoreLimits;
  readonly #items: Item[] = []; // Bounded by pendingCountMax, and by what is remembered: see there.
  readonly #watcher: QueueWatcher;
  #riders: Riders = { take: () => [], settle: () => undefined };
  #gate: StoreError | undefined;
  #isBusy = false;
  #isScheduled = false;
  #pendingCount = 0;
  #pendingBytes = 0;
  #onIdle: () => void = () => undefined;

  readonly #batches = new Samples();
  readonly #latenciesMs = new Samples();
  readonly #counts = { writes: 0, refused: 0, failed: 0, pendingHighWater: 0 };

  constructor(disk: Disk, clock: Clock, limits: StoreLimits, watcher: QueueWatcher) {
    this.#disk = disk;
    this.#clock = clock;
    this.#limits = limits;
    this.#watcher = watcher;
  }

  metrics(): QueueMetrics {
    return {
      ...this.#counts,
      pending: this.#pendingCount,
      batchP50: this.#batches.percentile(0.5),
      batchMax: this.#batches.max,
      latencyMsP50: this.#latenciesMs.percentile(0.5),
      latencyMsP99: this.#latenciesMs.percentile(0.99),
    };
  }

  /** While it is shut every call fails with this error; with `now` the waiting ones too. */
  shut(error: StoreError, waiting: 'now' | 'later' = 'now'): void {
    this.#gate = error;
    if (waiting === 'now') for (const item of this.#items.splice(0)) this.#drop(item, error);
  }

  /** These are the first that are written; what is called from now on waits for them, and fails when they do. */
  open(writes: readonly Write[]): Promise<Result<void, StoreError>> {
    this.#gate = undefined;
    const written = this.write(writes, 0);
    void this.#turn(); // Whoever comes now has to wait anyway.
    return written;
  }

  setRiders(riders: Riders): void {
    this.#riders = riders;
  }

  /** Why something new is not taken just now. To be asked before memory changes; `write` follows in the same turn. */
  refusal(operation: string, costBytes: number): Promise<Result<never, StoreError>> | undefined {
    if (this.#gate !== undefined) return Promise.resolve(fail(this.#gate));
    const { pendingCountMax, pendingBytesMax } = this.#limits;
    const isFull = this.#pendingCount >= pendingCountMax || this.#pendingBytes + costBytes > pendingBytesMax;
    if (!isFull) return undefined;
    this.#counts.refused += 1;
    const detail = `${this.#pendingCount} calls with ${this.#pendingBytes} bytes wait for the disk`;
    return refuse('overloaded', operation, this.#disk.resource, detail);
  }

  /**
   * All writes of one call, in one transaction; `costBytes` is what they hold in memory until then. Never `overloaded`:
   * see `refusal`.
   */
  write(writes: readonly Write[], costBytes: number): Promise<Result<void, StoreError>> {
    if (this.#gate !== undefined) return Promise.resolve(fail(this.#gate));
    return new Promise((settle) => {
      this.#add({ kind: 'write', writes, costBytes, sinceMs: this.#clock.monotonicMs(), settle });
    });
  }

  read<Value>(operation: () => Promise<Result<Value, StoreError>>): Promise<Result<Value, StoreError>> {
    const refusal = this.refusal('read', 0);
    if (refusal !== undefined) return refusal;
    return new Promise((settle) => {
      const run = async (failed: (error: StoreError) => void) => {
        const result = await operation();
        if (!result.ok) failed(result.error);
        settle(result);
      };
      this.#add({ kind: 'read', costBytes: 0, run, refuse: (error) => settle(fail(error)) });
    });
  }

  /** Resolves when nothing is pending; riders are written too. */
  drain(): Promise<void> {
    if (this.#gate === undefined)
      this.#add({ kind: 'write', writes: [], costBytes: 0, sinceMs: this.#clock.monotonicMs(), settle: () => {} });
    if (this.#pendingCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #add(item: Item): void {
    this.#items.push(item);
    this.#pendingCount += 1;
    this.#pendingBytes += item.costBytes;
    this.#counts.pendingHighWater = Math.max(this.#counts.pendingHighWater, this.#pendingCount);
    this.#schedule();
  }

  /** At the end of this turn of the event loop: what else is called in it shares the commit. */
  #schedule(): void {
    if (this.#isBusy || this.#isScheduled || this.#items.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#turn();
    });
  }

  async #turn(): Promise<void> {
    const first = this.#items[0];
    if (first === undefined || this.#isBusy) return;
    this.#isBusy = true;
    if (first.kind === 'read') await this.#read(first);
    else await this.#commit(this.#takeBatch());
    this.#isBusy = false;
    this.#schedule();
    if (this.#pendingCount === 0) this.#onIdle();
  }

  async #read(item: ReadItem): Promise<void> {
    this.#items.shift();
    await item.run((error) => this.#watcher.failed(error));
    this.#settled(item);
  }

  #takeBatch(): readonly WriteItem[] {
    const batch: WriteItem[] = [];
    let bytes = 0;
    for (const item of this.#items) {
      bytes += item.costBytes;
      const isOver = batch.length >= this.#limits.batchCountMax || bytes > this.#limits.batchBytesMax;
      if (item.kind !== 'write' || (isOver && batch.length > 0)) break;
      batch.push(item);
    }
    this.#items.splice(0, batch.length);
    return batch;
  }

  async #commit(batch: readonly WriteItem[]): Promise<void> {
    const writes = [...batch.flatMap((item) => item.writes), ...this.#riders.take()];
    const result = writes.length === 0 ? ok() : await this.#disk.commit(writes);
    if (!result.ok) {
      this.#watcher.failed(result.error);
      for (const item of batch) this.#drop(item, result.error);
      return;
    }
    this.#riders.settle();
    this.#watcher.succeeded();
    this.#batches.add(batch.length);
    this.#counts.writes += batch.length;
    const nowMs = this.#clock.monotonicMs();
    for (const item of batch) {
      this.#latenciesMs.add(nowMs - item.sinceMs);
      this.#settled(item);
      item.settle(result);
    }
  }

  #drop(item: Item, error: StoreError): void {
    this.#settled(item);
    this.#counts.failed += 1;
    if (item.kind === 'read') item.refuse(error);
    else item.settle(fail(error));
  }

  #settled(item: Item): void {
    this.#pendingCount -= 1;
    this.#pendingBytes -= item.costBytes;
  }
}

/** What every call on a store that was disposed of ends with. */
export function closedError(operation: string, resource: string): StoreError {
  return storeError('closed', operation, resource, 'the store was closed before');
}
