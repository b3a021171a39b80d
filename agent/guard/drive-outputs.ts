import type { DriverClock, MonotonicClock } from '../../drivers/clock.ts';
import type { DigitalOutput, GpioBackend } from '../../drivers/contract/digital.ts';
import { formatPwm, type PwmBackend } from '../../drivers/contract/pwm.ts';
import { describeError, ok, type Result } from '../../drivers/contract/result.ts';
import type { GpioSelection } from '../../drivers/registry.ts';
import { guardClaimTriesMax } from '../limits.ts';
import { describeOutput, type PlannedOutput, type PlannedPower } from './output-plan.ts';
import { whenFreed } from './when-freed.ts';

/** What became of one output: a sentence for the log. */
export interface Driven {
  readonly document: string;
  readonly isDriven: boolean;
  readonly detail: string;
  /** It had its level before, for certain. */
  readonly hadLevel?: boolean;
  /** The open line; absent when it could not be opened. It is the caller's to close, or to keep. */
  readonly output?: DigitalOutput;
}

export interface OpeningDependencies {
  readonly clock: MonotonicClock;
  openGpio(selection: GpioSelection): Promise<Result<GpioBackend>>;
}

/** Lines that we do not hold, and let go of again: the system keeps their levels. */
export async function driveAlone(
  { clock, openGpio }: OpeningDependencies,
  selection: GpioSelection,
  outputs: readonly PlannedOutput[],
): Promise<readonly Driven[]> {
  const gpio = await openGpio(selection);
  const driven = await driveOutputs(gpio, outputs, clock);
  for (const { output } of driven) await output?.[Symbol.asyncDispose]();
  if (gpio.ok) await gpio.value[Symbol.asyncDispose]();
  return driven;
}

/** Opens each line that has a level to be driven, with it; one that cannot be driven does not hold up the others. */
export async function driveOutputs(
  gpio: Result<GpioBackend>,
  outputs: readonly PlannedOutput[],
  clock: DriverClock,
): Promise<readonly Driven[]> {
  return await Promise.all(outputs.map((output) => driveOne(gpio, output, clock)));
}

async function driveOne(gpio: Result<GpioBackend>, planned: PlannedOutput, clock: DriverClock): Promise<Driven> {
  const { document, line, level = 'as-is' } = planned;
  const request = { line, initial: level, consumer: 'qn-guard' } as const;
  const opened = gpio.ok ? await whenFreed(() => gpio.value.openOutput(request), clock, guardClaimTriesMax) : gpio;
  if (!opened.ok) return { document, isDriven: false, detail: describeError(opened.error) };
  const hadLevel = opened.value.found === level;
  return { document, isDriven: true, detail: describeOutput(planned), hadLevel, output: opened.value };
}

/** Channels go on as they were told when nobody has them open any more. */
export async function drivePowers(pwm: PwmBackend, powers: readonly PlannedPower[]): Promise<readonly Driven[]> {
  const driven: Driven[] = [];
  for (const { document, duty, ...channel } of powers) {
    const opened = await pwm.open({ ...channel, initial: duty });
    const detail = opened.ok
      ? `${document} (${formatPwm(channel)}) to ${Math.round(duty * 100)} %`
      : describeError(opened.error);
    driven.push({ document, isDriven: opened.ok, detail });
  }
  return driven;
}

/** The same for a line that is held already. `asksBefore`: only then it is known whether it had its level. */
export function driveHeld(planned: PlannedOutput, output: DigitalOutput, asksBefore: boolean): Driven {
  const { document, level } = planned;
  const before = asksBefore ? output.readBack() : undefined;
  const written = level === undefined ? ok() : output.write(level);
  if (!written.ok) return { document, isDriven: false, detail: describeError(written.error), output };
  const hadLevel = before?.ok === true && before.value === level;
  return { document, isDriven: level !== undefined, detail: describeOutput(planned), hadLevel, output };
}
