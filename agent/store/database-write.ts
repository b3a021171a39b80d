import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { StoredMessage, Write } from './rows.ts';

/** One statement for each kind of write, prepared once; each is harmless when it runs twice. */
const statements: { readonly [Kind in Write['kind']]: string } = {
  'journal-put': 'INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  'journal-status': 'UPDATE journal SET status = ?, deaths = ? WHERE ordinal = ?',
  'journal-remove': 'DELETE FROM journal WHERE ordinal = ?',
  'outbox-put': 'INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  'outbox-remove': 'DELETE FROM outbox WHERE sequence = ?',
  'outbox-dropped': 'INSERT OR REPLACE INTO dropped VALUES (?, ?)',
  'value-put': 'INSERT OR REPLACE INTO value VALUES (?, ?)',
};

/** Writes all of them in one transaction, or none. */
export function createWriter(database: DatabaseSync): (writes: readonly Write[]) => void {
  const prepared = new Map<Write['kind'], StatementSync>();

  function run(write: Write): void {
    const statement = prepared.get(write.kind) ?? database.prepare(statements[write.kind]);
    prepared.set(write.kind, statement);
    statement.run(...parametersOf(write));
  }

  return (writes) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const write of writes) run(write);
      database.exec('COMMIT');
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw cause;
    }
  };
}

function parametersOf(write: Write): readonly SQLInputValue[] {
  switch (write.kind) {
    case 'journal-put': {
      const { ordinal, source, id, document, bootId, atMs, status, reason, deaths, body } = write.row;
      return [ordinal, source, `${id}`, document, `${bootId}`, atMs, status, reason ?? null, deaths, body ?? null];
    }
    case 'journal-status':
      return [write.status, write.deaths, write.ordinal];
    case 'journal-remove':
      return [write.ordinal];
    case 'outbox-put':
      return messageParameters(write.message, write.costBytes);
    case 'outbox-remove':
      return [write.sequence];
    case 'outbox-dropped':
      return [write.document, write.count];
    case 'value-put':
      return [write.key, write.text];
  }
}

function messageParameters(message: StoredMessage, costBytes: number): readonly SQLInputValue[] {
  const { sequence, topic, bytes, qos, retain, policy, document, properties } = message;
  const { contentType = null, responseTopic = null, correlationData = null, traceparent = null } = properties;
  const flags = [qos, retain ? 1 : 0];
  const texts = [topic, contentType, responseTopic, correlationData, traceparent];
  return [sequence, costBytes, document, policy, ...flags, ...texts, bytes];
}
