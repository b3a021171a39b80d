import type { DriverClock } from '../../drivers/clock.ts';
import type { GpioBackend } from '../../drivers/contract/digital.ts';
import { describeError } from '../../drivers/contract/result.ts';
import { guardClaimTriesMax } from '../limits.ts';
import { openFreed } from './open-freed.ts';
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
  const request = { line: output.line, initial: output.level, consumer: 'qn-guard' };
  const opened = await openFreed(gpio, request, clock, guardClaimTriesMax);
  if (!opened.ok) return { document, isDriven: false, detail: describeError(opened.error) };
  await opened.value[Symbol.asyncDispose]();
  return { document, isDriven: true, detail: describeOutput(output) };
}
