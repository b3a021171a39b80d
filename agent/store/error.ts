import { fail, type Result } from '../../drivers/contract/result.ts';

/**
 * What is wrong with the disk. full: no space left, or the store met its own bound · read-only: the system refuses to
 * write there · io: the disk reported a fault, or the thread died · corrupt: the database was damaged · busy: another
 * process has it open.
 */
export type TroubleKind = 'full' | 'read-only' | 'io' | 'corrupt' | 'busy';

export type StoreState = 'working' | TroubleKind;

/**
 * overloaded: a bound of the store is met just now · too-large: it will never fit · closed: the store was disposed of ·
 * newer: the database was written by a newer agent.
 */
export type StoreErrorKind = TroubleKind | 'overloaded' | 'too-large' | 'closed' | 'newer';

/** Same parts as a DriverError. Nothing of what failed was promised; see each call for what may remain. */
export interface StoreError {
  readonly kind: StoreErrorKind;
  readonly operation: string;
  /** The database file, or the part of the store that is full. */
  readonly resource: string;
  readonly detail: string;
  readonly fix?: string;
  readonly cause?: unknown;
}

const fixes: { readonly [Kind in StoreErrorKind]?: string } = {
  full: 'free space on that disk; the store goes on by itself',
  'read-only': 'make the folder writable for the agent, or remount it rw; the store goes on by itself',
  io: 'look at the kernel log for faults of that disk; the store tries again by itself',
  busy: 'stop the other agent, or give each its own state folder; the store tries again by itself',
  newer: 'install the newer agent again, or move the file away to begin with an empty store',
};

export function storeError(
  kind: StoreErrorKind,
  operation: string,
  resource: string,
  detail: string,
  cause?: unknown,
): StoreError {
  const fix = fixes[kind];
  return {
    kind,
    operation,
    resource,
    detail,
    ...(fix === undefined ? {} : { fix }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** The answer of every call that a bound turns away. */
export function refuse(
  kind: 'overloaded' | 'too-large',
  operation: string,
  resource: string,
  detail: string,
): Promise<Result<never, StoreError>> {
  return Promise.resolve(fail(storeError(kind, operation, resource, detail)));
}

const kinds: readonly TroubleKind[] = ['full', 'read-only', 'corrupt', 'busy'];

/** What kind of trouble the store is in after this error. */
export function troubleOf({ kind }: StoreError): TroubleKind {
  return kinds.find((known) => known === kind) ?? 'io';
}
