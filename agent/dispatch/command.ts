import type { Effect } from '../documents/kind.ts';
import { recentCommandsCount } from '../limits.ts';
import type { Notify } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { failureOf } from './acknowledge.ts';
import type { HandlerDependencies } from './dependencies.ts';
import type { Job } from './job.ts';
import type { Lane, Work } from './lane.ts';
import { type Command, createLife, type Life } from './life.ts';
import { type Arrival, expiredRefusal, isExpired, plan } from './plan.ts';
import { RecentCommands } from './recent.ts';
import { refusalOfLoad } from './sparing.ts';

export interface Commander {
  /** What was carried out last; whoever carries out commands beside this one enters them there. */
  readonly recent: RecentCommands;
  /** Resolves, where it goes through the journal, when that is durable. */
  carryOut(command: Command): void | Promise<void>;
  /** Whether a command of this source and id was carried out before, or is under way. */
  isKnown(document: string, message: Notify): boolean;
  /** Resolves when no command is under way and none waits; meant for a board that was disposed of. */
  settled(): Promise<void>;
}

/** Carries a command through its life (QN-4): told at each step, its slot released at the last one. */
export function createCommander(dependencies: HandlerDependencies): Commander {
  const { clock, pool, board, lanes, counters, journaling, authorize, load, clockQuality } = dependencies;
  const recent = new RecentCommands(recentCommandsCount);

  function arrivalOf({ isRetained, arrivedMs }: Job): Arrival {
    const waitedMs = clock.monotonicMs() - arrivedMs;
    return { isRetained, nowMs: clock.wallMs(), clock: clockQuality(), waitedMs };
  }

  /** undefined: it has a place to be performed. */
  function placeRefusal({ row, job, resumed }: Command, lane: Lane, effect: Effect): Refusal | undefined {
    lane.makeRoom(effect);
    if (lane.isFull) return { reason: 'busy', detail: `too many commands wait for ${row.name}` };
    // An emergency is never turned away because others wait: then it keeps its inbound slot until it is done.
    const hasSlot = resumed !== undefined || pool.transfer(job.slot, 'executing') || row.isEmergency;
    return hasSlot ? undefined : { reason: 'overloaded', detail: 'every executing slot is taken' };
  }

  function begin(command: Command, life: Life, effect: Effect): boolean | Promise<boolean> {
    const { row, job, message } = command;
    const expire = () => {
      if (!isExpired(message, arrivalOf(job))) return false;
      life.refuse('expire', expiredRefusal(message));
      board.enter(row.name, 'expired');
      return true;
    };
    return !expire() && (permit(command, life, effect, expire) ?? life.execute(expire));
  }

  /** Undefined: nobody has to be asked. What was under way already was permitted then. */
  function permit(
    { row, message, resumed }: Command,
    life: Life,
    effect: Effect,
    expire: () => boolean,
  ): Promise<boolean> | undefined {
    if (resumed?.status === 'executing') return undefined;
    return authorize?.(message, row.name, effect)?.then((permitted) => {
      if (permitted.ok) return life.execute(expire);
      life.end(permitted);
      return false;
    });
  }

  function carryOut(command: Command): void | Promise<void> {
    const { row, job, message, resumed } = command;
    const life = createLife(dependencies, recent, command);
    const first =
      resumed === undefined ? (journaling.find(row.name, message) ?? recent.begin(row.name, message)) : undefined;
    if (first !== undefined) {
      life.go('repeat', { reason: 'duplicate', first });
      counters.refuse('duplicate');
      return pool.release(job.slot);
    }
    const spared = resumed === undefined ? refusalOfLoad(load.level, { row }) : undefined;
    if (spared !== undefined) return life.refuse('reject', spared);
    const planned = plan(row, message, arrivalOf(job));
    if (!planned.ok) return life.refuse(planned.error.reason === 'expired' ? 'expire' : 'reject', planned.error);
    const lane = lanes.of(row.name, planned.value);
    if (!lane.ok) return life.refuse('reject', failureOf(lane.error));
    const refusal = placeRefusal(command, lane.value, planned.value) ?? life.journal(planned.value);
    if (refusal !== undefined) return life.refuse('reject', refusal);
    if (resumed === undefined && !row.isTakenByDevice) life.go('accept');
    const work: Work = {
      effect: planned.value,
      begin: () => begin(command, life, planned.value),
      taken: life.taken,
      isTooLate: () => isExpired(message, arrivalOf(job)),
      end: life.end,
    };
    lane.value.add(work);
    return life.began;
  }

  return {
    recent,
    carryOut,
    isKnown: (document, message) => journaling.find(document, message) !== undefined || recent.has(document, message),
    settled: () => lanes.settled(),
  };
}
