import { type DriverClock, pause } from '../../drivers/clock.ts';
import type { DigitalOutput, GpioBackend } from '../../drivers/contract/digital.ts';
import { describeError, type Result } from '../../drivers/contract/result.ts';
import { guardClaimTriesMax, guardClaimTryEveryMs } from '../limits.ts';
import { describeOutput, type PlannedOutput } from './output-plan.ts';

/** What became of one output: a sentence for the log. */
export interface Driven {
  readonly document: string;
  readonly isDriven: boolean;
  readonly detail: string;
}

/** Opens each line with its level and lets go of it again; one that cannot be driven does not hold up the others. */
export async function driveOutputs(
  gpio: GpioBackend,
  outputs: readonly PlannedOutput[],
  clock: DriverClock,
): Promise<readonly Driven[]> {
  return await Promise.all(outputs.map((output) => driveOne(gpio, output, clock)));
}

async function driveOne(gpio: GpioBackend, output: PlannedOutput, clock: DriverClock): Promise<Driven> {
  const { document } = output;
  const opened = await openFreed(gpio, output, clock);
  if (!opened.ok) return { document, isDriven: false, detail: describeError(opened.error) };
  await opened.value[Symbol.asyncDispose]();
  return { document, isDriven: true, detail: describeOutput(output) };
}

/** The system frees the lines of a dead process one after the other, and maybe after it closed the pipe. */
async function openFreed(gpio: GpioBackend, output: PlannedOutput, clock: DriverClock): Promise<Result<DigitalOutput>> {
  const request = { line: output.line, initial: output.level, consumer: 'qn-guard' };
  for (let triesCount = 1; ; triesCount += 1) {
    const opened = await gpio.openOutput(request);
    if (opened.ok || opened.error.kind !== 'busy' || triesCount === guardClaimTriesMax) return opened;
    await pause(clock, guardClaimTryEveryMs);
  }
}
