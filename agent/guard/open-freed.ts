import { type DriverClock, pause } from '../../drivers/clock.ts';
import type { DigitalOutput, GpioBackend, OutputRequest } from '../../drivers/contract/digital.ts';
import type { Result } from '../../drivers/contract/result.ts';
import { guardClaimTryEveryMs } from '../limits.ts';

/**
 * Opens a line that may be busy for a moment yet: the system frees the lines of a dead process one after the other, and a
 * guard lets go of them when it has driven them.
 */
export async function openFreed(
  gpio: GpioBackend,
  request: OutputRequest,
  clock: DriverClock,
  triesMax: number,
): Promise<Result<DigitalOutput>> {
  for (let triesCount = 1; ; triesCount += 1) {
    const opened = await gpio.openOutput(request);
    if (opened.ok || opened.error.kind !== 'busy' || triesCount === triesMax) return opened;
    await pause(clock, guardClaimTryEveryMs);
  }
}
