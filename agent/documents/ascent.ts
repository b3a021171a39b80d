import { ok, type Result } from '../../drivers/contract/result.ts';
import { safeRetryMs } from '../limits.ts';
import type { InterlockSeat } from './interlock-seat.ts';
import { safeOnTriesMax } from './limits.ts';
import type { Waiting } from './waiting.ts';

interface Output {
  readonly seat: InterlockSeat;
  readonly waiting: Waiting;
  goOn(): Result<void>;
}

/**
 * Brings an output into a safe state that is on, as soon as its group lets it, unless anything else is wanted before.
 * `ended`: it is on, or why it is not and stays as it is: the tries are used up, and later nobody would expect it any more.
 */
export function ascend(output: Output, ended: (why?: string) => void, triesLeftCount: number = safeOnTriesMax): void {
  const { seat, waiting, goOn } = output;
  const later = (delayMs: number, leftCount: number) => {
    void waiting.start({ wish: { on: true }, isPulse: false, isSafeState: true }, delayMs, () => {
      ascend(output, ended, leftCount);
      return ok();
    });
  };
  const free = seat.ask();
  if (free.ok && free.value > 0) return later(free.value, triesLeftCount); // The group is ours; its dead time runs.
  const driven = free.ok ? goOn() : free;
  if (driven.ok) return ended();
  if (triesLeftCount > 0) return later(safeRetryMs, triesLeftCount - 1);
  seat.letGo();
  ended(driven.error.detail);
}
