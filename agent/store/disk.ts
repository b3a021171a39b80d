import type { Result } from '../../drivers/contract/result.ts';
import type { StoreError } from './error.ts';
import type { Loaded, StoredMessage, Write } from './rows.ts';

/**
 * Where rows are kept: a thread with SQLite, or memory with bad weather.
 *
 * For users: one call at a time. After a failed call the disk is to be opened again; what of a failed commit is on it is
 * not known before.
 *
 * For implementers: a commit is durable in whole when it resolves ok, and after a crash it is there in whole or not at
 * all. The arguments are the caller's again when the call resolved. Nothing throws.
 */
export interface Disk {
  /** The database file, for errors. */
  readonly resource: string;
  readonly counters: DiskCounters;
  /** Reads everything back; again after trouble, when it closes what was open. */
  open(request: OpenRequest): Promise<Result<Loaded, StoreError>>;
  commit(writes: readonly Write[]): Promise<Result<void, StoreError>>;
  /** By sequence, beginning behind `afterSequence`; at least one when there is one, whatever its size. */
  readOutbox(query: OutboxQuery): Promise<Result<readonly StoredMessage[], StoreError>>;
  /** Idempotent. */
  close(): Promise<void>;
  /** Without waiting for the disk, as a power cut. A call that is under way ends with `closed`. */
  kill(): Promise<void>;
}

export interface OpenRequest {
  /** For the name of a damaged database. */
  readonly wallMs: number;
  /** It was found to be damaged while running: set it aside unseen. */
  readonly isDamaged: boolean;
}

export interface OutboxQuery {
  readonly afterSequence: number;
  readonly countMax: number;
  readonly bytesMax: number;
}

/** Since this process opened the disk for the first time. */
export interface DiskCounters {
  readonly commits: number;
  readonly fsyncs: number;
  /** Copies of the log into the database file. */
  readonly checkpoints: number;
  /** What the kernel counts for this thread; from pages of the log where it does not count. */
  readonly writtenBytes: number;
  readonly fileBytes: number;
}

export const noDiskCounters: DiskCounters = { commits: 0, fsyncs: 0, checkpoints: 0, writtenBytes: 0, fileBytes: 0 };
