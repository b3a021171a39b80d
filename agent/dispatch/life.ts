import type { Effect, Performed } from '../documents/kind.ts';
import type { Row } from '../documents/row.ts';
import type { Notify } from '../qn/message.ts';
import type { Reason, Refusal } from '../qn/reason.ts';
import { type Answerable, failureOf, type Verdict } from './acknowledge.ts';
import type { HandlerDependencies } from './dependencies.ts';
import type { Job } from './job.ts';
import { type Journaled, resumes } from './journaling.ts';
import { encodeKept } from './kept-command.ts';
import { type LifeInput, type LifeState, step } from './lifecycle.ts';
import type { RecentCommands } from './recent.ts';

export interface Command {
  readonly row: Row;
  readonly job: Job;
  readonly message: Notify;
  readonly answerable: Answerable;
  /** It was under way when an earlier life of the agent ended, and is done in this one. */
  readonly resumed?: Resumed;
}

export interface Resumed {
  readonly status: 'accepted' | 'executing';
  /** Of the life it began in. */
  readonly boot: bigint;
  readonly journaled: Journaled;
}

/** The life of one command: where it stands, and what is told at each step. Its slot is released at the last one. */
export interface Life {
  go(input: LifeInput, verdict?: Omit<Verdict, 'status'>): void;
  /** Nothing was done. The sender may try again with the same id, unless it heard of an acceptance in an earlier life. */
  refuse(input: 'reject' | 'expire', refusal: Refusal): void;
  /** A refusal when it ought to be journaled and cannot be. */
  journal(effect: Effect): Refusal | undefined;
  /** Resolves when it is durable that it began, or when that failed; undefined where it is not journaled. */
  readonly began: Promise<void> | undefined;
  /** At once, or when it is durable that it acts; false: it ended, by `expire` where the disk took longer than its ttl. */
  execute(expire: () => boolean): boolean | Promise<boolean>;
  /** The device has the command (QN-8.7c); only where it tells. */
  taken(): void;
  end(result: Performed): void;
}

export function createLife(dependencies: HandlerDependencies, recent: RecentCommands, command: Command): Life {
  const { clock, log, pool, board, acknowledger, counters, journaling, instruments } = dependencies;
  const { row, job, message, answerable, resumed } = command;
  let state: LifeState = resumed?.status ?? 'received';
  let journaled = resumed?.journaled;
  const after = resumed === undefined ? {} : { after: { boot: resumed.boot, isBegun: resumed.status === 'executing' } };

  function go(input: LifeInput, verdict: Omit<Verdict, 'status'> = {}): void {
    state = step(state, input);
    acknowledger.tell(answerable, { status: state, ...after, ...verdict });
  }

  /** Journal and ack in one turn, so that both are durable or neither. */
  function conclude(input: LifeInput, verdict: { reason?: Reason; detail?: string } = {}): void {
    const { reason } = verdict;
    if (resumed === undefined) instruments.command.record(clock.monotonicMs() - job.arrivedMs); // Else the agent was away.
    const outcome = { status: step(state, input), ...(reason === undefined ? {} : { reason }) };
    journaled?.end(outcome);
    recent.end(row.name, message, outcome);
    const ended = { document: row.name, id: answerable.id, ...verdict, tr: answerable.traceparent };
    if (outcome.status === 'failed') log.warn(ended, 'command failed');
    else log.debug(ended, `command ${outcome.status}`);
    go(input, { ...verdict, isJournaled: journaled !== undefined });
    pool.release(job.slot);
  }

  function failWith({ reason, detail }: Refusal): void {
    counters.fail();
    conclude('fail', { reason, detail });
  }

  function refuse(input: 'reject' | 'expire', refusal: Refusal): void {
    if (resumed !== undefined) return failWith(refusal); // One id, one end: it was accepted before.
    const { reason, detail } = refusal;
    go(input, { reason, detail });
    counters.refuse(reason);
    recent.forget(row.name, message); // Nothing was done: the sender may try again with the same id.
    journaled?.forget();
    pool.release(job.slot);
  }

  function taken(): void {
    if (state === 'received') go('accept');
    if (state === 'accepted') go('execute');
  }

  return {
    go,
    taken,
    refuse,
    journal(effect) {
      if (resumed !== undefined) return undefined;
      const opened = journaling.open(row, message, effect, () => keptOf(command, resumes(row, effect)));
      if (!opened.ok) return opened.error;
      journaled = opened.value;
      return undefined;
    },
    get began() {
      return journaled?.began;
    },
    execute(expire) {
      const tell = () => {
        if (state === 'accepted') go('execute');
        return true;
      };
      if (journaled === undefined) return tell();
      return journaled.act().then((durable) => {
        if (durable.ok) return !expire() && tell();
        failWith(durable.error);
        return false;
      });
    },
    end(result) {
      if (result.ok) {
        taken();
        counters.succeed();
        conclude('succeed');
      } else if ('superseded' in result.error) {
        counters.supersede();
        conclude('supersede', { detail: result.error.detail }); // QN-4.6
      } else if ('isTooLate' in result.error) refuse('expire', result.error);
      else if ('isLeft' in result.error && journaled !== undefined && board.isEnding) pool.release(job.slot);
      else failWith('reason' in result.error ? result.error : failureOf(result.error));
    },
  };
}

/** The message itself only where it is to be done again, or holds what an answer in its form needs. */
function keptOf({ job, message, answerable }: Command, isResumed: boolean): Uint8Array | undefined {
  const { replyTopic, correlationData, traceparent, encoding } = answerable;
  const isWhole = isResumed || message.compact !== undefined;
  return encodeKept({
    ...(replyTopic === undefined ? {} : { replyTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(isWhole ? { payload: job.slot.bytes() } : {}),
    ...(isWhole && job.contentType !== undefined ? { contentType: job.contentType } : {}),
  });
}
