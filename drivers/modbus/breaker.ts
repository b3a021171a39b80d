import { modbusFailuresCountMax, modbusPauseMsMax, modbusPauseMsMin } from '../limits.ts';

/** How one unit of a bus has been answering. */
export interface Breaker {
  /** Unanswered requests in a row. */
  readonly failuresCount: number;
  /** Nothing is asked before. */
  readonly resumeMs: number;
  /** No poll asks before: a late answer, which does not say what register it is of, is over by then. */
  readonly restMs: number;
}

const never = Number.NEGATIVE_INFINITY;
export const freshBreaker: Breaker = { failuresCount: 0, resumeMs: never, restMs: never };

/** At the end of a pause one request may try; until it has failed or not, the caller sends no other. */
export function mayAsk({ resumeMs }: Breaker, nowMs: number): boolean {
  return nowMs >= resumeMs;
}

/**
 * A unit that does not answer costs the others their time on the bus. After a few failures in a row it is left alone for
 * a pause, which doubles with each further one.
 */
export function stepBreaker({ failuresCount }: Breaker, hasAnswered: boolean, nowMs: number): Breaker {
  if (hasAnswered) return freshBreaker;
  const failures = failuresCount + 1;
  const restMs = nowMs + modbusPauseMsMin;
  if (failures < modbusFailuresCountMax) return { failuresCount: failures, resumeMs: never, restMs };
  const doublings = Math.min(failures - modbusFailuresCountMax, 30);
  const resumeMs = nowMs + Math.min(modbusPauseMsMax, modbusPauseMsMin * 2 ** doublings);
  return { failuresCount: failures, resumeMs, restMs };
}
