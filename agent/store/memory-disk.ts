import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { type Clock, sleep } from '../clock.ts';
import { type Disk, noDiskCounters, type OpenRequest, type OutboxQuery } from './disk.ts';
import { type StoreError, storeError } from './error.ts';
import type { Platter } from './platter.ts';
import type { Loaded, StoredMessage, Write } from './rows.ts';

const never = new Promise<never>(() => undefined);

/** A Disk over a platter. One that was crashed never answers again, as a dead process. */
export class MemoryDisk implements Disk {
  readonly resource = 'memory';
  readonly #platter: Platter;
  readonly #clock: Clock;
  readonly #era: number;
  readonly #closed = Promise.withResolvers<StoreError>();
  #isClosed = false;
  counters = noDiskCounters;

  constructor(platter: Platter, clock: Clock) {
    this.#platter = platter;
    this.#clock = clock;
    this.#era = platter.era;
  }

  open({ wallMs, isDamaged }: OpenRequest): Promise<Result<Loaded, StoreError>> {
    if (isDamaged && this.#platter.trouble === 'corrupt') this.#platter.trouble = undefined; // A new file is sound.
    return this.#call('open', () => {
      if (!isDamaged) return ok(this.#platter.load());
      this.#platter.wipe();
      const setAside = { path: `memory.corrupt-${wallMs}`, detail: 'found while it was open' };
      return ok({ ...this.#platter.load(), setAside });
    });
  }

  commit(writes: readonly Write[]): Promise<Result<void, StoreError>> {
    if (this.#platter.era === this.#era && !this.#isClosed) this.#platter.begin(writes);
    return this.#call('commit', () => {
      this.#platter.commit();
      const { commits, fsyncs } = this.counters;
      this.counters = { ...this.counters, commits: commits + 1, fsyncs: fsyncs + 1 };
      return ok();
    });
  }

  readOutbox({
    afterSequence,
    countMax,
    bytesMax,
  }: OutboxQuery): Promise<Result<readonly StoredMessage[], StoreError>> {
    return this.#call('read', () => {
      const messages: StoredMessage[] = [];
      let bytes = 0;
      for (const { message, costBytes } of this.#platter.messagesAfter(afterSequence).slice(0, countMax)) {
        bytes += costBytes;
        if (bytes > bytesMax && messages.length > 0) break;
        messages.push(message);
      }
      return ok(messages);
    });
  }

  close(): Promise<void> {
    return this.kill();
  }

  kill(): Promise<void> {
    this.#isClosed = true;
    const detail = 'the store was closed before the disk answered';
    this.#closed.resolve(storeError('closed', 'write', this.resource, detail));
    return Promise.resolve();
  }

  async #call<Value>(operation: string, act: () => Result<Value, StoreError>): Promise<Result<Value, StoreError>> {
    const { latencyMs } = this.#platter;
    const waited = latencyMs > 0 ? sleep(this.#clock, latencyMs) : Promise.resolve();
    const closed = await Promise.race([this.#closed.promise, waited]);
    if (this.#platter.era !== this.#era) return never;
    if (closed !== undefined) return fail(closed);
    const { trouble } = this.#platter;
    if (trouble === undefined) return act();
    if (this.#platter.keepsWhatFailed) this.#platter.commit();
    this.#platter.begin([]);
    return fail(storeError(trouble, operation, this.resource, `the platter is told to be ${trouble}`));
  }
}
