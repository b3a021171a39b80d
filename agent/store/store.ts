import type { Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Reason, Status } from '../qn/reason.ts';
import type { StoreError, StoreState } from './error.ts';
import type { StoreLimits } from './limits.ts';
import type { StoreMetrics } from './metrics.ts';
import type { StoredMessage } from './rows.ts';

/**
 * What must survive a power cut: the journal of commands, the outbox, and a few values.
 *
 * For users: a call that resolved ok is durable, power cut or not. Calls of one turn of the event loop, and those that
 * come while the disk is busy, share one fsync. Bytes are copied before the call returns. Errors are told in the result:
 * nothing rejects. While the disk is in trouble every call fails at once with its kind, `onTrouble` has told it, and the
 * store tries again by itself.
 *
 * Not promised: that what failed is not on the disk. After `io` it may be; an unacknowledged command is removed again,
 * an unacknowledged message is sent.
 */
export interface Store extends AsyncDisposable {
  readonly state: StoreState;
  readonly journal: Journal;
  readonly outbox: StoredOutbox;
  readonly values: Values;
  metrics(): StoreMetrics;
  /**
   * Writes what is pending, within `closeMsMax`; what is not written by then fails with `closed`, as every later call
   * does. Idempotent.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface StoreOptions {
  /** Holds the database and nothing else; made when it is not there. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<StoreLimits>;
  /** At each change of the state, `working` included, and once for each database that was set aside. Must not throw. */
  readonly onTrouble: (trouble: StoreTrouble) => void;
}

export interface StoreTrouble {
  readonly kind: StoreState;
  /** One sentence, with the operand in it. */
  readonly detail: string;
  readonly fix?: string;
  /** The database is another one now: the damaged one was moved away. */
  readonly isSetAside?: true;
}

/** A command is the same when sender, id and document are: one id may come to several documents through a group. */
export interface CommandKey {
  readonly source: string;
  readonly id: bigint;
  readonly document: string;
}

export interface JournalCommand extends CommandKey {
  /** QN-4.4 */
  readonly bootId: bigint;
  readonly atMs: number;
  /** Comes back with an interrupted command: what is needed to answer or resume it. */
  readonly body?: Uint8Array;
}

/** How a command ended. The outcome of dispatch/recent.ts is one, and the other way round. */
export interface Outcome {
  readonly status: Status;
  readonly reason?: Reason;
}

export interface Interrupted extends JournalCommand {
  readonly status: 'accepted' | 'executing';
  /** Ends of the agent while this command was under way, this one included. */
  readonly deaths: number;
  /**
   * interrupted: under way still, to be ended by the caller, or executed again where that is declared. state-loop: it
   * was under way at too many ends of the agent; it ended as `failed, interrupted` and is only to be told.
   */
  readonly verdict: 'interrupted' | 'state-loop';
}

/** Exactly-once effect (QN-4.2): the commands that began, and how they ended. */
export interface Journal {
  /**
   * What the last process left unfinished, oldest first. Resolves as soon as the journal was read, which may be long
   * after opening when the disk is in trouble; with nothing when the store is disposed of before.
   */
  readonly interrupted: Promise<readonly Interrupted[]>;
  /** Commands that are remembered. */
  readonly count: number;
  /** From memory, without the disk; undefined: never seen, or forgotten. */
  find(command: CommandKey): Outcome | 'under-way' | undefined;
  /**
   * Durable before the command may act. Only after `new`; anything else is a second delivery. A command whose `begin`
   * failed never began: act on nothing, and let the sender try again.
   */
  begin(command: JournalCommand): Promise<Result<'new' | 'under-way' | Outcome, StoreError>>;
  /** Durable before acting: from here on the outcome is unknown when the agent dies. Only for a command under way. */
  execute(command: CommandKey): Promise<Result<void, StoreError>>;
  /**
   * A later delivery is told this outcome, whether or not it could be written: what could not is written when the disk
   * works again. Only for a command under way.
   */
  end(command: CommandKey, outcome: Outcome): Promise<Result<void, StoreError>>;
  /** It had no effect: the same id may be tried again. */
  forget(command: CommandKey): Promise<Result<void, StoreError>>;
}

export interface MessageToStore extends Omit<StoredMessage, 'sequence'> {
  /** Greater than `lastSequence`: that is asserted. Given by the store when absent. */
  readonly sequence?: number;
}

/** Messages for the broker, in order. When it is full the oldest is dropped, and counted by document. */
export interface StoredOutbox {
  readonly count: number;
  readonly costBytes: number;
  /** Whether it is there, and not removed or dropped. */
  has(sequence: number): boolean;
  /** Nothing was ever put under a greater number, in any life of this database. */
  readonly lastSequence: number;
  /** Since the database was made. Documents beyond the bound are counted under the empty name. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Resolves with the sequence. */
  put(message: MessageToStore): Promise<Result<number, StoreError>>;
  /** It was acknowledged, or was dropped already: both are fine. A removal that could not be written is made good. */
  remove(sequence: number): Promise<Result<void, StoreError>>;
  /** Sequences of what was put as `latest`, in order. */
  latestOf(document: string): readonly number[];
  /** One that was dropped here arrived all the same: somebody held it in memory. It is not counted any more. */
  recount(document: string): void;
  /** The oldest behind `afterSequence`, in order; fewer than asked for when they are large. */
  oldest(count: number, afterSequence: number): Promise<Result<readonly StoredMessage[], StoreError>>;
}

/** Small texts by name. */
export interface Values {
  /** As set last, durable or not, unless that was refused; undefined while the store could not be read yet. */
  get(key: string): string | undefined;
  set(key: string, text: string): Promise<Result<void, StoreError>>;
  /** For what changes often: written along with the next commit, or after `valueDelayMs`. A power cut loses it. */
  setSoon(key: string, text: string): void;
}
