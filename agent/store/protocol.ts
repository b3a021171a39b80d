import type { DiskCounters, OpenRequest, OutboxQuery } from './disk.ts';
import type { StoreError } from './error.ts';
import type { StoreLimits } from './limits.ts';
import type { Loaded, StoredMessage, Write } from './rows.ts';

/** What it is the store of; told when it is opened, so that the thread can start before anybody knows. */
export interface StorePlace {
  readonly folder: string;
  readonly limits: StoreLimits;
}

/** One request at a time, each answered by one reply. */
export type Request =
  | ({ readonly kind: 'open' } & OpenRequest & StorePlace)
  | { readonly kind: 'commit'; readonly writes: readonly Write[] }
  | ({ readonly kind: 'read-outbox' } & OutboxQuery)
  | { readonly kind: 'close' };

export type Answer =
  | { readonly kind: 'opened'; readonly loaded: Loaded }
  | { readonly kind: 'done' }
  | { readonly kind: 'messages'; readonly messages: readonly StoredMessage[] }
  | { readonly kind: 'failed'; readonly error: StoreError };

export interface Reply {
  readonly answer: Answer;
  readonly counters: DiskCounters;
}
