import type { DatabaseSync } from 'node:sqlite';
import { storeError } from './error.ts';
import { StoreFault } from './fault.ts';

export interface Migration {
  readonly title: string;
  readonly sql: string;
}

/**
 * The schema, as steps; the number of steps taken is `user_version`. A step that was released is never changed: the
 * next change is the next row.
 */
export const migrations: readonly Migration[] = [
  {
    title: 'journal, outbox, values, inbound messages',
    sql: `
      CREATE TABLE journal (
        ordinal INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
        boot TEXT NOT NULL, at_ms INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT, deaths INTEGER NOT NULL, body BLOB
      ) STRICT;
      CREATE TABLE outbox (
        sequence INTEGER PRIMARY KEY, cost_bytes INTEGER NOT NULL, document TEXT NOT NULL, policy TEXT NOT NULL,
        qos INTEGER NOT NULL, retain INTEGER NOT NULL, topic TEXT NOT NULL, content_type TEXT, response_topic TEXT,
        correlation BLOB, traceparent TEXT, bytes BLOB NOT NULL
      ) STRICT;
      CREATE TABLE dropped (document TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE value (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE inbound (message_id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;`,
  },
  {
    title: 'no inbound messages: what was received is in the journal, or was handled',
    sql: 'DROP TABLE inbound;',
  },
  {
    title: 'policy latest in the outbox: an agent that does not know it must not take it for damage',
    sql: 'SELECT 1;',
  },
];

/** Takes the steps that are missing, in one transaction; throws `newer` when there are more than we know. */
export function migrate(database: DatabaseSync, file: string, steps: readonly Migration[] = migrations): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > steps.length) {
    const detail = `the database has schema ${version}; this agent knows ${steps.length}`;
    throw new StoreFault(storeError('newer', 'open', file, detail));
  }
  const isOdd = version < 0 || (version === 0 && database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined);
  if (isOdd) throw new StoreFault(storeError('corrupt', 'open', file, `tables under schema ${version}`));
  if (version === steps.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const { sql } of steps.slice(version)) database.exec(sql);
    database.exec(`PRAGMA user_version = ${steps.length}`);
    database.exec('COMMIT');
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}
