import type { StoredMessage } from '../store/rows.ts';
import type { StoredOutbox } from '../store/store.ts';
import type { Outbox } from './outbox.ts';
import type { Fate, Outgoing } from './outgoing.ts';

/** How much a message may outlive the agent. */
export type Durability =
  /** Not at all: it is said anew, or nobody waits for it after a restart. */
  | 'none'
  /** Sent at once, and put into the store unless the broker acknowledged it within `storeSoonMs`. */
  | 'soon'
  /** In the store before it is sent; in one commit with whatever was journaled in the same turn. */
  | 'first';

export interface DurableOutgoing extends Outgoing {
  readonly document: string;
  readonly durability: Durability;
  /** latest: takes the place of the one before it of this document · drop: sent now or never. Absent: all of them wait. */
  readonly waits?: 'latest' | 'drop';
}

/** With the figures of the outbox in memory. */
export interface DurableStats {
  /** Events that gave way to a later one, or found no broker, because their document says so, since start. */
  readonly leftOut: number;
  readonly stored: number;
  readonly storedBytes: number;
  /** Thrown away because the store met its bound, since the store was made. */
  readonly storedDropped: number;
}

/** A message in the hands of the outbox, or on its way into the store. */
export interface Held {
  readonly message: DurableOutgoing;
  readonly sinceMs: number;
  readonly at: Place;
}

/** Where it is, without its content. */
export interface Place {
  /** In the store, once it has one there. */
  sequence?: number;
  /** Sent, or not wanted by the broker or by us any more: whatever becomes of its row, it is not sent again. */
  isOver?: boolean;
  /** By which the outbox in memory knows it. */
  onEnd?: (fate: Fate) => void;
}

/** The bytes may be the caller's own buffer, and this message waits for the disk. */
export function copyOf({ message, ...held }: Held): Held {
  return { ...held, message: { ...message, bytes: Uint8Array.from(message.bytes) } };
}

export function durableStats(leftOut: number, stored: StoredOutbox | undefined): DurableStats {
  const droppedCounts = [...(stored?.dropped.values() ?? [])];
  return {
    leftOut,
    stored: stored?.count ?? 0,
    storedBytes: stored?.costBytes ?? 0,
    storedDropped: droppedCounts.reduce((sum, count) => sum + count, 0),
  };
}

/** A stored message in memory again. */
export function readBack(row: StoredMessage): DurableOutgoing {
  const waits = row.policy === 'latest' ? ({ waits: row.policy } as const) : {};
  return { ...row, policy: 'keep', durability: 'soon', ...waits };
}

/** For what is sent now or never; false: there is no room. */
export function offerNow(outbox: Outbox, message: DurableOutgoing, lost: () => void): boolean {
  const onEnd = (fate: Fate) => void (fate === 'sent' || lost());
  return outbox.hasRoom && !outbox.isSparing && outbox.offer({ ...message, policy: 'when-up' }, onEnd);
}

/** Undefined when the store has no place for such a message at all. */
export function putInto(outbox: StoredOutbox, { durability: _, waits, properties = {}, ...message }: DurableOutgoing) {
  const { lastSequence } = outbox;
  const policy = waits === 'latest' ? waits : message.policy;
  const written = outbox.put({ ...message, policy, properties });
  return outbox.lastSequence === lastSequence ? undefined : { sequence: outbox.lastSequence, written };
}
