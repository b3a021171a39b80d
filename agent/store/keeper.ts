import { ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Disk } from './disk.ts';
import { type StoreError, type StoreState, storeError, troubleOf } from './error.ts';
import type { StoreLimits } from './limits.ts';
import type { Loaded, Write } from './rows.ts';
import type { StoreTrouble } from './store.ts';

/** A part of the store that keeps something in memory. */
export interface Room {
  /** Takes over what is on the disk, at the start and after trouble; returns the writes that the disk lacks. */
  load(loaded: Loaded): readonly Write[];
}

export interface KeeperOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly limits: StoreLimits;
  readonly rooms: readonly Room[];
  readonly onTrouble: (trouble: StoreTrouble) => void;
}

type Told = Pick<StoreTrouble, 'detail' | 'fix' | 'isSetAside'>;

/** How often the database was opened: a value, and the write that proves that the disk takes writes. */
export const opensKey = 'store.opens';

/**
 * Keeps the disk working: opens it, and when a call failed shuts the queue, and tries again with growing pauses. What a
 * failed commit left behind is not known, so the database is always opened anew and the rooms compare themselves with it.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #queue: CommitQueue;
  #state: StoreState | 'opening' = 'opening';
  #probeMs: number;
  #timer: Disposable | undefined;
  #isDamaged = false;
  #isClosed = false;
  #attempt: Promise<unknown> = Promise.resolve();
  recoveries = 0;

  constructor(queue: CommitQueue, options: KeeperOptions) {
    this.#queue = queue;
    this.#options = options;
    this.#probeMs = options.limits.probeMsMin;
    queue.shut(storeError('io', 'open', options.disk.resource, 'the store is not open yet'));
  }

  get state(): StoreState {
    return this.#state === 'opening' ? 'io' : this.#state;
  }

  /** Fails with `newer` only: there is nothing to wait for. Everything else passes some day, and is not waited for here. */
  async start(): Promise<Result<void, StoreError>> {
    const attempt = this.#try();
    this.#attempt = attempt;
    const late = Promise.withResolvers<undefined>();
    using _patience = this.#options.clock.after(this.#options.limits.openMsMax, () => {
      this.#change('io', { detail: 'the disk takes long to open the store' });
      late.resolve(undefined);
    });
    const error = await Promise.race([attempt, late.promise]);
    return error?.kind === 'newer' ? { ok: false, error } : ok();
  }

  /** A call failed because of the disk. */
  fail(error: StoreError): void {
    const isHopeless = this.#state === 'opening' && error.kind === 'newer';
    if (this.#isClosed || isHopeless) return;
    const kind = troubleOf(error);
    this.#isDamaged = kind === 'corrupt';
    this.#queue.shut({ ...error, kind });
    this.#change(kind, error);
    const isFirst = this.#probeMs === this.#options.limits.probeMsMin;
    this.#retry(this.#isDamaged && isFirst ? 0 : this.#probeMs); // A damaged file gets no better by waiting.
    this.#probeMs = Math.min(this.#probeMs * 2, this.#options.limits.probeMsMax);
  }

  /** No attempt is under way, and none follows. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#attempt;
  }

  /** Something was written: the next trouble begins with a short pause. That memory and disk agree again is not enough. */
  settle(): void {
    if (this.#state === 'working') this.#probeMs = this.#options.limits.probeMsMin;
  }

  #retry(delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#attempt = this.#try();
    });
  }

  async #try(): Promise<StoreError | undefined> {
    const { disk, clock, rooms } = this.#options;
    const opened = await disk.open({ wallMs: clock.wallMs(), isDamaged: this.#isDamaged });
    if (!opened.ok) {
      this.fail(opened.error);
      return opened.error;
    }
    this.#tellSetAside(opened.value);
    const owed = rooms.flatMap((room) => room.load(opened.value));
    const committed = await this.#queue.open([...owed, oneMoreOpen(opened.value)]); // In the turn of the comparison.
    if (!committed.ok) return committed.error; // `fail` was told.
    if (this.#isClosed) return undefined;
    if (this.#state !== 'opening') this.recoveries += 1;
    this.#change('working');
    return undefined;
  }

  #tellSetAside({ setAside }: Loaded): void {
    if (setAside === undefined) return;
    this.#isDamaged = false;
    const detail = `the database was damaged (${setAside.detail}); it was moved to ${setAside.path} and begun anew`;
    const fix = 'keep that file if its messages matter, and check the disk';
    this.#change('corrupt', { detail, fix, isSetAside: true });
  }

  #change(kind: StoreState, { detail, fix, isSetAside }: Told = { detail: 'the disk works' }): void {
    const isNews = kind === 'corrupt' || (this.#state !== kind && !(this.#state === 'opening' && kind === 'working'));
    this.#state = kind;
    if (isNews) this.#options.onTrouble({ kind, detail, ...(fix && { fix }), ...(isSetAside && { isSetAside }) });
  }
}

function oneMoreOpen({ values }: Loaded): Write {
  const opens = Number(values.find(({ key }) => key === opensKey)?.text ?? 0) + 1;
  return { kind: 'value-put', key: opensKey, text: String(opens) };
}
