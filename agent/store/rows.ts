import type { MessageProperties, Qos } from '../mqtt/link.ts';
import type { Reason, Status } from '../qn/reason.ts';

/** One command in the journal. The ordinal is its age: it only grows. */
export interface JournalRow {
  readonly ordinal: number;
  readonly source: string;
  readonly id: bigint;
  readonly document: string;
  readonly bootId: bigint;
  /** Wall clock of the agent when it began. For people; nothing is decided by it. */
  readonly atMs: number;
  readonly status: Status;
  readonly reason?: Reason;
  /** Ends of the agent while this was under way. */
  readonly deaths: number;
  /** Whatever the caller needs to answer or resume the command after a restart. Gone when it ended. */
  readonly body?: Uint8Array;
}

/** A message that waits for the broker. */
export interface StoredMessage {
  readonly sequence: number;
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  /** latest: one behind it of its document takes its place, and it is not sent any more. */
  readonly policy: 'keep' | 'when-up' | 'latest';
  /** Whose message it is, for the count of what was dropped. */
  readonly document: string;
  readonly properties: MessageProperties;
}

/** A stored message without its content. */
export interface OutboxMark {
  readonly sequence: number;
  readonly document: string;
  readonly costBytes: number;
  readonly policy: StoredMessage['policy'];
}

export interface ValueRow {
  readonly key: string;
  readonly text: string;
}

/** Everything that is ever written. Each is harmless when it is written twice. */
export type Write =
  | { readonly kind: 'journal-put'; readonly row: JournalRow }
  | { readonly kind: 'journal-status'; readonly ordinal: number; readonly status: Status; readonly deaths: number }
  | { readonly kind: 'journal-remove'; readonly ordinal: number }
  | { readonly kind: 'outbox-put'; readonly message: StoredMessage; readonly costBytes: number }
  | { readonly kind: 'outbox-remove'; readonly sequence: number }
  /** The total, not one more. */
  | { readonly kind: 'outbox-dropped'; readonly document: string; readonly count: number }
  | { readonly kind: 'value-put'; readonly key: string; readonly text: string };

/** What is on the disk, as far as it is kept in memory: all but the content of messages. */
export interface Loaded {
  /** By ordinal. */
  readonly journal: readonly JournalRow[];
  /** By sequence. */
  readonly outbox: readonly OutboxMark[];
  readonly dropped: ReadonlyMap<string, number>;
  readonly values: readonly ValueRow[];
  /** A damaged database was found and moved there; what is loaded is a new one. */
  readonly setAside?: { readonly path: string; readonly detail: string };
}
