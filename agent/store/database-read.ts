import type { DatabaseSync } from 'node:sqlite';
import type { MessageProperties, Qos } from '../mqtt/link.ts';
import { reasons, statuses } from '../qn/reason.ts';
import type { Columns, SqliteRow } from './columns.ts';
import type { OutboxQuery } from './disk.ts';
import type { JournalRow, Loaded, StoredMessage } from './rows.ts';

const policies = ['keep', 'when-up', 'latest'] as const satisfies readonly StoredMessage['policy'][];

/** Everything but the content of messages. */
export function loadAll(database: DatabaseSync, columns: Columns): Loaded {
  const { text, integer, oneOf } = columns;
  const all = (sql: string): readonly SqliteRow[] => database.prepare(sql).all();
  return {
    journal: all('SELECT * FROM journal ORDER BY ordinal').map((row) => journalRowOf(row, columns)),
    outbox: all('SELECT sequence, document, cost_bytes, policy FROM outbox ORDER BY sequence').map((row) => ({
      sequence: integer(row, 'sequence'),
      document: text(row, 'document'),
      costBytes: integer(row, 'cost_bytes'),
      policy: oneOf(row, 'policy', policies),
    })),
    dropped: new Map(all('SELECT * FROM dropped').map((row) => [text(row, 'document'), integer(row, 'count')])),
    values: all('SELECT * FROM value').map((row) => ({ key: text(row, 'key'), text: text(row, 'text') })),
  };
}

/** As many as asked for, while they fit; the first in any case. */
export function readOutbox(database: DatabaseSync, columns: Columns, query: OutboxQuery): readonly StoredMessage[] {
  const { afterSequence, countMax, bytesMax } = query;
  const select = database.prepare('SELECT * FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?');
  const messages: StoredMessage[] = [];
  let bytes = 0;
  for (const row of select.iterate(afterSequence, countMax)) {
    bytes += columns.integer(row, 'cost_bytes');
    if (bytes > bytesMax && messages.length > 0) break;
    messages.push(messageOf(row, columns));
  }
  return messages;
}

function journalRowOf(row: SqliteRow, { text, integer, id, bytes, oneOf }: Columns): JournalRow {
  const reason = reasons.find((known) => known === row['reason']); // Their table grows: a newer agent may have had another one.
  return {
    ordinal: integer(row, 'ordinal'),
    source: text(row, 'source'),
    id: id(row, 'id'),
    document: text(row, 'document'),
    bootId: id(row, 'boot'),
    atMs: integer(row, 'at_ms'),
    status: oneOf(row, 'status', statuses),
    deaths: integer(row, 'deaths'),
    ...(reason === undefined ? {} : { reason }),
    ...(row['body'] === null ? {} : { body: bytes(row, 'body') }),
  };
}

function messageOf(row: SqliteRow, columns: Columns): StoredMessage {
  const { text, integer, bytes, oneOf } = columns;
  return {
    sequence: integer(row, 'sequence'),
    topic: text(row, 'topic'),
    bytes: bytes(row, 'bytes'),
    qos: qosOf(integer(row, 'qos')),
    retain: integer(row, 'retain') === 1,
    policy: oneOf(row, 'policy', policies),
    document: text(row, 'document'),
    properties: propertiesOf(row, columns),
  };
}

function propertiesOf(row: SqliteRow, { text, bytes }: Columns): MessageProperties {
  return {
    ...(row['content_type'] === null ? {} : { contentType: text(row, 'content_type') }),
    ...(row['response_topic'] === null ? {} : { responseTopic: text(row, 'response_topic') }),
    ...(row['correlation'] === null ? {} : { correlationData: bytes(row, 'correlation') }),
    ...(row['traceparent'] === null ? {} : { traceparent: text(row, 'traceparent') }),
  };
}

function qosOf(number: number): Qos {
  return number === 2 ? 2 : number === 1 ? 1 : 0;
}
