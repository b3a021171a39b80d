import { ok, type Result } from '../../drivers/contract/result.ts';
import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';
import { messageBytesMax, sourceBytesMax, storeRowOverheadBytes } from '../limits.ts';
import type { CommitQueue } from './commit-queue.ts';
import { refuse, type StoreError } from './error.ts';
import { type Entry, isUnderWay, JournalIndex } from './journal-index.ts';
import { takeOver } from './journal-load.ts';
import type { Room } from './keeper.ts';
import type { StoreLimits } from './limits.ts';
import type { JournalRow, Loaded, Write } from './rows.ts';
import type { CommandKey, Interrupted, Journal, JournalCommand, Outcome } from './store.ts';

const name = 'journal';

/** The journal over a queue of commits; the answer to `find` and to a repeated `begin` comes from memory. */
export class QueuedJournal implements Journal, Room {
  readonly #queue: CommitQueue;
  readonly #limits: StoreLimits;
  readonly #index: JournalIndex;
  readonly #interrupted = Promise.withResolvers<readonly Interrupted[]>();
  readonly interrupted = this.#interrupted.promise;
  #isLoaded = false;
  #lastOrdinal = 0;

  constructor(queue: CommitQueue, clock: Clock, limits: StoreLimits) {
    this.#queue = queue;
    this.#limits = limits;
    this.#index = new JournalIndex(clock, limits);
  }

  get count(): number {
    return this.#index.count;
  }

  find(command: CommandKey): Outcome | 'under-way' | undefined {
    const entry = this.#index.find(command);
    return entry === undefined ? undefined : outcomeOf(entry);
  }

  async begin(command: JournalCommand): Promise<Result<'new' | 'under-way' | Outcome, StoreError>> {
    const known = this.find(command);
    if (known !== undefined) return ok(known);
    const refusal = this.#refusal(command);
    if (refusal !== undefined) return refusal;
    const overdue = this.#index.overdue();
    if (overdue === undefined) return refuse('overloaded', 'begin', name, 'every remembered command is under way');
    const costBytes = (command.body?.byteLength ?? 0) + storeRowOverheadBytes * (1 + overdue.length);
    const full = this.#queue.refusal('begin', costBytes);
    if (full !== undefined) return full;
    for (const entry of overdue) this.#index.remove(entry);
    this.#lastOrdinal += 1;
    const row = rowOf(command, this.#lastOrdinal);
    this.#index.add(row); // Before the disk has it: a second delivery meanwhile is under way.
    const written = await this.#queue.write([{ kind: 'journal-put', row }, ...overdue.map(removal)], costBytes);
    if (written.ok) return ok('new');
    this.#takeBack(command, row.ordinal);
    return written;
  }

  execute(command: CommandKey): Promise<Result<void, StoreError>> {
    const entry = this.#underWay(command, 'execute');
    this.#index.replace(entry, { ...entry.row, status: 'executing' });
    const { ordinal, deaths } = entry.row;
    return this.#write({ kind: 'journal-status', ordinal, status: 'executing', deaths });
  }

  end(command: CommandKey, { status, reason }: Outcome): Promise<Result<void, StoreError>> {
    assert(!isUnderWay(status), `a command cannot end ${status}`);
    const entry = this.#underWay(command, 'end');
    const { body: _, ...rest } = entry.row;
    const row = { ...rest, status, ...(reason === undefined ? {} : { reason }) };
    this.#index.replace(entry, row);
    return this.#write({ kind: 'journal-put', row });
  }

  async forget(command: CommandKey): Promise<Result<void, StoreError>> {
    const entry = this.#index.find(command);
    if (entry === undefined) return ok();
    this.#index.remove(entry);
    return this.#write(removal(entry));
  }

  load(loaded: Loaded): readonly Write[] {
    const { owed, interrupted } = takeOver(this.#index, loaded.journal, this.#limits, !this.#isLoaded);
    this.#isLoaded = true;
    this.#lastOrdinal = Math.max(this.#lastOrdinal, loaded.journal.at(-1)?.ordinal ?? 0);
    this.#interrupted.resolve(interrupted);
    return owed;
  }

  /** Nobody waits for what was interrupted any longer. */
  close(): void {
    this.#interrupted.resolve([]);
  }

  #underWay(command: CommandKey, operation: string): Entry {
    const entry = this.#index.find(command);
    assert(entry !== undefined, `cannot ${operation} a command that never began: ${command.document} ${command.id}`);
    assert(isUnderWay(entry.row.status), `cannot ${operation} a command that ended: ${command.document} ${command.id}`);
    return entry;
  }

  #refusal({ source, body }: JournalCommand): Promise<Result<never, StoreError>> | undefined {
    const bodyBytes = body?.byteLength ?? 0;
    if (Buffer.byteLength(source) > sourceBytesMax) {
      return refuse('too-large', 'begin', name, `the sender's name has more than ${sourceBytesMax} bytes`);
    }
    if (bodyBytes > 2 * messageBytesMax) {
      return refuse('too-large', 'begin', name, `a body of ${bodyBytes} bytes; the bound is ${2 * messageBytesMax}`);
    }
    if (this.#index.bodyBytes + bodyBytes <= this.#limits.journalBytesMax) return undefined;
    return refuse('overloaded', 'begin', name, `commands under way keep ${this.#index.bodyBytes} bytes`);
  }

  /** It never began. Somebody may have ended it meanwhile, or begun it again: that is another entry. */
  #takeBack(command: CommandKey, ordinal: number): void {
    const entry = this.#index.find(command);
    if (entry?.row.ordinal === ordinal) this.#index.remove(entry);
  }

  #write(write: Write): Promise<Result<void, StoreError>> {
    return this.#queue.write([write], storeRowOverheadBytes);
  }
}

function rowOf({ body, ...command }: JournalCommand, ordinal: number): JournalRow {
  const { source, id, document, bootId, atMs } = command;
  const copy = body === undefined ? {} : { body: Uint8Array.from(body) };
  return { ordinal, source, id, document, bootId, atMs, status: 'accepted', deaths: 0, ...copy };
}

function removal({ row }: Entry): Write {
  return { kind: 'journal-remove', ordinal: row.ordinal };
}

function outcomeOf({ row: { status, reason } }: Entry): Outcome | 'under-way' {
  if (isUnderWay(status)) return 'under-way';
  return { status, ...(reason === undefined ? {} : { reason }) };
}
