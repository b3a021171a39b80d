import type { DriverError, Result } from '../../drivers/contract/result.ts';
import type { Effect, Performed } from '../documents/kind.ts';
import type { Row } from '../documents/row.ts';
import { recentCommandsCount } from '../limits.ts';
import type { Notify } from '../qn/message.ts';
import type { Reason, Refusal } from '../qn/reason.ts';
import { type Answerable, reasonOf, type Verdict } from './acknowledge.ts';
import type { HandlerDependencies } from './dependencies.ts';
import type { Job } from './job.ts';
import type { Journaled } from './journaling.ts';
import { Lane, type Work } from './lane.ts';
import { type LifeInput, type LifeState, step } from './lifecycle.ts';
import { type Arrival, expiredRefusal, isExpired, plan } from './plan.ts';
import { RecentCommands } from './recent.ts';

export interface Command {
  readonly row: Row;
  readonly job: Job;
  readonly message: Notify;
  readonly answerable: Answerable;
}

export interface Commander {
  carryOut(command: Command): void;
  /** Resolves when no command is under way and none waits; meant for a board that was disposed of. */
  settled(): Promise<void>;
}

/** Carries a command through its life (QN-4): told at each step, its slot released at the last one. */
export function createCommander(dependencies: HandlerDependencies): Commander {
  const { clock, pool, board, acknowledger, counters, journaling, clockQuality } = dependencies;
  const recent = new RecentCommands(recentCommandsCount);
  const lanes = new Map<string, Lane>(); // One per document at most.

  function arrivalOf({ isRetained, arrivedMs }: Job): Arrival {
    const waitedMs = clock.monotonicMs() - arrivedMs;
    return { isRetained, nowMs: clock.wallMs(), clock: clockQuality(), waitedMs };
  }

  function laneOf(row: Row): Result<Lane> {
    const document = board.document(row.name);
    if (!document.ok) return document;
    const lane = lanes.get(row.name) ?? new Lane(document.value);
    lanes.set(row.name, lane);
    return { ok: true, value: lane };
  }

  /** The life of one command: where it stands, and what is told at each step. */
  function createLife({ row, job, message, answerable }: Command) {
    let state: LifeState = 'received';
    let journaled: Journaled | undefined;
    const journal = (effect: Effect) => {
      journaled = journaling.open(row.name, message, effect);
    };
    const go = (input: LifeInput, verdict: Omit<Verdict, 'status'> = {}) => {
      const status = step(state, input);
      state = status;
      acknowledger.tell(answerable, { status, ...verdict });
      return status;
    };
    const refuse = (input: 'reject' | 'expire', { reason, detail }: Refusal) => {
      go(input, { reason, detail });
      counters.refuse(reason);
      recent.forget(row.name, message); // Nothing was done: the sender may try again with the same id.
      journaled?.forget();
      pool.release(job.slot);
    };
    /** Journal and ack in one turn, so that both are durable or neither. */
    const conclude = (input: LifeInput, verdict: { reason?: Reason; detail?: string } = {}) => {
      const { reason } = verdict;
      const outcome = { status: step(state, input), ...(reason === undefined ? {} : { reason }) };
      journaled?.end(outcome);
      recent.end(row.name, message, outcome);
      go(input, { ...verdict, isJournaled: journaled !== undefined });
    };
    const end = (result: Performed) => {
      if (result.ok) {
        counters.succeed();
        conclude('succeed');
      } else if ('superseded' in result.error) {
        counters.supersede();
        conclude('supersede', { detail: result.error.detail }); // QN-4.6
      } else {
        const { reason, detail } = 'reason' in result.error ? result.error : failure(result.error);
        counters.fail();
        conclude('fail', { reason, detail });
      }
      pool.release(job.slot);
    };
    /** At once, or when it is durable that it acts. */
    const execute = (): boolean | Promise<boolean> => {
      const told = () => {
        go('execute');
        return true;
      };
      return journaled === undefined ? told() : journaled.act().then(told);
    };
    return { go, refuse, end, journal, execute };
  }

  function carryOut(command: Command): void {
    const { row, job, message } = command;
    const life = createLife(command);
    const first = journaling.find(row.name, message) ?? recent.begin(row.name, message);
    if (first !== undefined) {
      life.go('repeat', { reason: 'duplicate', first });
      counters.refuse('duplicate');
      return pool.release(job.slot);
    }
    const planned = plan(row, message, arrivalOf(job));
    if (!planned.ok) return life.refuse(planned.error.reason === 'expired' ? 'expire' : 'reject', planned.error);
    const lane = laneOf(row);
    if (!lane.ok) return life.refuse('reject', failure(lane.error));
    if (lane.value.isFull)
      return life.refuse('reject', { reason: 'busy', detail: `too many commands wait for ${row.name}` });
    // An emergency is never turned away because others wait: then it keeps its inbound slot until it is done.
    if (!pool.transfer(job.slot, 'executing') && !row.isEmergency) {
      return life.refuse('reject', { reason: 'overloaded', detail: 'every executing slot is taken' });
    }
    life.journal(planned.value);
    life.go('accept');
    const work: Work = {
      effect: planned.value,
      begin() {
        const isLate = isExpired(message, arrivalOf(job));
        if (isLate) life.refuse('expire', expiredRefusal(message));
        if (isLate) board.enter(row.name, 'expired');
        return isLate ? false : life.execute();
      },
      end: life.end,
    };
    lane.value.add(work);
  }

  return {
    carryOut,
    async settled() {
      for (const lane of lanes.values()) await lane.settled();
    },
  };
}

function failure(error: DriverError): Refusal {
  const fix = error.fix === undefined ? '' : `; ${error.fix}`;
  return { reason: reasonOf(error.kind), detail: `${error.operation} ${error.resource}: ${error.detail}${fix}` };
}
