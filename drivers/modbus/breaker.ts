import { modbusFailuresCountMax, modbusPauseMsMax, modbusPauseMsMin } from '../limits.ts';

/** How one unit of a bus has been answering. */
export interface Breaker {
  /** Unanswered requests in a row. */
  readonly failuresCount: number;
  /** Nothing is asked before. */
  readonly resumeMs: number;
}

export const freshBreaker: Breaker = { failuresCount: 0, resumeMs: Number.NEGATIVE_INFINITY };

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
  if (failures < modbusFailuresCountMax) return { failuresCount: failures, resumeMs: Number.NEGATIVE_INFINITY };
  const doublings = Math.min(failures - modbusFailuresCountMax, 30);
  return { failuresCount: failures, resumeMs: nowMs + Math.min(modbusPauseMsMax, modbusPauseMsMin * 2 ** doublings) };
}
