/** Bounds of what survives a power cut; how they relate is asserted in test/agent/limits.test.ts. */
export interface StoreLimits {
  /**
   * Calls that wait for the disk, and what they carry. Over it: refuse `overloaded`. Not what ends or removes something
   * remembered: three small calls for each command, and two for each message, come on top at most.
   */
  readonly pendingCountMax: number;
  readonly pendingBytesMax: number;
  /** One transaction, one fsync. What is over it goes into the next. */
  readonly batchCountMax: number;
  readonly batchBytesMax: number;
  /** Commands the journal remembers. Over it: forget the oldest that ended; when none has: refuse `overloaded`. */
  readonly journalCountMax: number;
  /** A command that ended is remembered so long, in time the agent ran: a clock that jumps makes nobody forget. */
  readonly journalAgeMsMax: number;
  /** What commands under way keep in the journal for after a restart. Over it: refuse `overloaded`. */
  readonly journalBytesMax: number;
  /** A command that was under way at so many ends of the agent is given up. */
  readonly journalDeathsMax: number;
  /** Messages kept for the broker. Over it: drop-oldest, counted by document. */
  readonly outboxCountMax: number;
  readonly outboxBytesMax: number;
  /** Told at a time when the outbox is drained; at least one message. The rest is asked for again. */
  readonly outboxReadBytesMax: number;
  /** Small things by name; none is ever removed, and keys that are trusted change over the years. Over it: refuse `overloaded` or `too-large`. */
  readonly valuesCountMax: number;
  readonly valueBytesMax: number;
  /** A value that was set `soon` is written with the next commit, or alone after so long. */
  readonly valueDelayMs: number;
  /** The database file, without its log. Over it: refuse `full`; the bounds above keep it from being met. */
  readonly fileBytesMax: number;
  /** The log is copied into the database file when it has so many pages of 4 KiB. Four times over it: refuse `io`. */
  readonly logPagesMax: number;
  /** Damaged databases that are kept. Over it: remove the oldest. */
  readonly setAsideCountMax: number;
  /** The agent waits so long for the disk when it starts. Over it: it goes on, and the store opens when the disk answers. */
  readonly openMsMax: number;
  /** A call to the disk that takes longer has failed, `io`; there is no other one before it comes back. */
  readonly answerMsMax: number;
  /** While the disk does not work: pause between two attempts, growing from the one to the other. */
  readonly probeMsMin: number;
  readonly probeMsMax: number;
  /** What is pending may still be written for so long when the store closes; then it is cut off. */
  readonly closeMsMax: number;
}

export const storeLimits: StoreLimits = {
  pendingCountMax: 1_024,
  pendingBytesMax: 4 * 1_024 * 1_024,
  batchCountMax: 256,
  batchBytesMax: 1_024 * 1_024,
  journalCountMax: 4_096,
  journalAgeMsMax: 7 * 86_400_000,
  journalBytesMax: 2 * 1_024 * 1_024,
  journalDeathsMax: 3,
  outboxCountMax: 10_000,
  outboxBytesMax: 8 * 1_024 * 1_024,
  outboxReadBytesMax: 256 * 1_024,
  valuesCountMax: 512,
  valueBytesMax: 1_024,
  valueDelayMs: 15 * 60_000,
  fileBytesMax: 48 * 1_024 * 1_024,
  logPagesMax: 1_000,
  setAsideCountMax: 2,
  openMsMax: 10_000,
  answerMsMax: 30_000,
  probeMsMin: 1_000,
  probeMsMax: 60_000,
  closeMsMax: 2_000,
};
