import { statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createColumns } from './columns.ts';
import { loadAll, readOutbox } from './database-read.ts';
import { createWriter } from './database-write.ts';
import type { DiskCounters, OutboxQuery } from './disk.ts';
import { storeError } from './error.ts';
import { StoreFault, sqliteCodeOf } from './fault.ts';
import type { StoreLimits } from './limits.ts';
import { migrate } from './migrations.ts';
import type { Loaded, StoredMessage, Write } from './rows.ts';

export const databaseName = 'store.db';
const pageBytes = 4_096;

export interface DatabaseSettings {
  readonly folder: string;
  readonly limits: StoreLimits;
  /** `NORMAL` loses acknowledged rows in a power cut: it is there so that the test of FULL can be seen to fail. */
  readonly synchronous: 'FULL' | 'NORMAL';
}

/** The database, blocking; only ever used on the store thread. Everything may throw what SQLite says. */
export interface StoreDatabase extends Disposable {
  load(): Loaded;
  commit(writes: readonly Write[]): void;
  readOutbox(query: OutboxQuery): readonly StoredMessage[];
  /** Copies the log into the file when it is long; between two commits, so that none of them waits for it. */
  checkpointIfDue(): void;
  readonly counters: Omit<DiskCounters, 'writtenBytes'> & { readonly logPages: number };
}

/** Opens and checks it, and brings its schema up to date. Throws `corrupt` when the check finds damage. */
export function openDatabase(settings: DatabaseSettings): StoreDatabase {
  const file = path.join(settings.folder, databaseName);
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    prepare(database, file, settings);
    return wrap(database, file, settings.limits);
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function prepare(database: DatabaseSync, file: string, settings: DatabaseSettings): void {
  try {
    check(database, file, settings);
  } catch (cause) {
    if (sqliteCodeOf(cause) !== 1) throw cause;
    // These statements are always right: when SQLite cannot make sense of one, it is the file it means.
    throw new StoreFault(storeError('corrupt', 'check', file, String(cause)));
  }
  migrate(database, file);
}

function check(database: DatabaseSync, file: string, { limits, synchronous }: DatabaseSettings): void {
  // Before the log is touched: then there is no shared-memory file, and a second agent is refused.
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
  database.exec(`PRAGMA max_page_count = ${Math.floor(limits.fileBytesMax / pageBytes)}`);
  database.exec(`PRAGMA journal_size_limit = ${limits.logPagesMax * pageBytes}`);
  database.exec('PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
  database.exec('PRAGMA wal_autocheckpoint = 0'); // checkpointIfDue
  const verdict = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  if (verdict !== 'ok') throw new StoreFault(storeError('corrupt', 'check', file, String(verdict)));
}

function wrap(database: DatabaseSync, file: string, limits: StoreLimits): StoreDatabase {
  const columns = createColumns(file);
  const write = createWriter(database);
  const logState = database.prepare('PRAGMA wal_checkpoint(NOOP)'); // Costs a microsecond.
  const counts = { commits: 0, fsyncs: 0, checkpoints: 0, logPages: 0 };
  const opened = placeOf(file);
  let logPages = pagesInLog();
  let isLogCopied = false;

  function pagesInLog(): number {
    const log = logState.get()?.['log'];
    return typeof log === 'number' && log > 0 ? log : 0;
  }

  return {
    load: () => loadAll(database, columns),
    commit(writes) {
      if (placeOf(file) !== opened) {
        throw new StoreFault(
          storeError('io', 'commit', file, `somebody removed ${file}, or put another one in its place`),
        );
      }
      if (logPages > 4 * limits.logPagesMax) {
        throw new StoreFault(storeError('io', 'commit', file, `the log has ${logPages} pages and cannot be copied`));
      }
      write(writes);
      const pages = pagesInLog();
      const isLogNew = isLogCopied || logPages === 0; // Its header is synced on its own.
      counts.commits += 1;
      counts.fsyncs += isLogNew ? 2 : 1;
      counts.logPages += isLogNew ? pages : pages - logPages;
      isLogCopied = false;
      logPages = pages;
    },
    readOutbox: (query) => readOutbox(database, columns, query),
    checkpointIfDue() {
      if (logPages < limits.logPagesMax || isLogCopied) return;
      database.exec('PRAGMA wal_checkpoint(PASSIVE)');
      isLogCopied = true;
      counts.checkpoints += 1;
      counts.fsyncs += 2; // The log before, the file behind.
    },
    get counters() {
      return { ...counts, fileBytes: statSync(file, { throwIfNoEntry: false })?.size ?? 0 };
    },
    [Symbol.dispose]: () => database.close(),
  };
}

/** Which file it is: one that was deleted, or that something was mounted over, takes writes as ever, and no restart finds them. */
function placeOf(file: string): string {
  const { dev, ino } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return `${dev} ${ino}`;
}
