import { type DriverClock, pause } from '../../drivers/clock.ts';
import type { Result } from '../../drivers/contract/result.ts';
import { guardClaimTryEveryMs } from '../limits.ts';

/**
 * Opens a line that may be busy for a moment yet: the system frees the lines of a dead process one after the other, and a
 * guard lets go of them a moment after the agent.
 */
export async function whenFreed<Line>(
  open: () => Promise<Result<Line>>,
  clock: DriverClock,
  triesMax: number,
): Promise<Result<Line>> {
  for (let triesCount = 1; ; triesCount += 1) {
    const opened = await open();
    if (opened.ok || opened.error.kind !== 'busy' || triesCount === triesMax) return opened;
    await pause(clock, guardClaimTryEveryMs);
  }
}
