import type { DriverClock } from '../../drivers/clock.ts';
import { type DigitalOutput, formatLine, type GpioBackend } from '../../drivers/contract/digital.ts';
import type { PwmBackend } from '../../drivers/contract/pwm.ts';
import type { Result } from '../../drivers/contract/result.ts';
import type { GpioSelection } from '../../drivers/registry.ts';
import { type Driven, driveHeld, driveOutputs, drivePowers } from './drive-outputs.ts';
import { readLines } from './lines-of-input.ts';
import { type OutputPlan, type PlannedOutput, parsePlan } from './output-plan.ts';

/** What the agent says: a plan in JSON, again when it changes; what lines it has; and how it ends. */
export const words = { held: 'held', none: 'none', bye: 'bye' } as const;

export interface GuardDependencies {
  /** From the agent, a line each; it ends when the agent does, however it ends. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly clock: DriverClock;
  openGpio(selection: GpioSelection): Promise<Result<GpioBackend>>;
  createPwm(selection: GpioSelection): PwmBackend;
  /** The outputs that the agent gave us at the last `held`: all that it has, each held by us as well from now on. */
  receive(): readonly DigitalOutput[];
}

/** What the guard did when the agent was gone. */
export interface Guarding {
  readonly plan?: OutputPlan;
  /** Absent: the agent ended in good order. */
  readonly driven?: readonly Driven[];
  /** Lines that are still held, until the next agent comes for them. */
  readonly kept: readonly DigitalOutput[];
}

interface Heard {
  readonly plan?: OutputPlan;
  readonly outputs: ReadonlyMap<string, DigitalOutput>;
  /** The lines that are to be kept after a good end. */
  readonly bye?: ReadonlySet<string>;
}

/** Waits for the end of the agent, and holds its lines meanwhile as well, so that its end lets go of none. */
export async function guard(dependencies: GuardDependencies): Promise<Guarding> {
  const { plan, outputs, bye } = await hear(dependencies);
  if (bye !== undefined) return { ...(plan !== undefined && { plan }), kept: await keepOnly(outputs, bye) };
  if (plan === undefined) {
    const detail = 'the agent ended before it told its plan';
    return { driven: [{ document: '', isDriven: false, detail }], kept: [...outputs.values()] };
  }
  const kept = await keepOnly(outputs, new Set(plan.outputs.map(({ line }) => formatLine(line))));
  return { plan, driven: await driveAll(dependencies, plan, outputs), kept };
}

async function driveAll(
  { clock, openGpio, createPwm }: GuardDependencies,
  plan: OutputPlan,
  outputs: ReadonlyMap<string, DigitalOutput>,
): Promise<readonly Driven[]> {
  const held = plan.outputs.flatMap((planned) => {
    const output = outputs.get(formatLine(planned.line));
    return output === undefined ? [] : [driveHeld(planned, output)]; // First: it takes no time.
  });
  const isOpenedHere = ({ line, level }: PlannedOutput) => level !== undefined && !outputs.has(formatLine(line));
  const others = plan.outputs.filter(isOpenedHere);
  const powers = plan.powers.length === 0 ? [] : await drivePowers(createPwm(plan.gpio), plan.powers);
  if (others.length === 0) return [...held, ...powers];
  const gpio = await openGpio(plan.gpio);
  const driven = await driveOutputs(gpio, others, clock);
  for (const { output } of driven) await output?.[Symbol.asyncDispose](); // No line of ours: the system keeps its level.
  if (gpio.ok) await gpio.value[Symbol.asyncDispose]();
  return [...held, ...powers, ...driven];
}

/** The state of what was heard after each line, until the end. */
async function hear({ input, receive }: GuardDependencies): Promise<Heard> {
  let heard: Heard = { outputs: new Map() };
  for await (const line of readLines(input)) {
    if (line === words.held || line === words.none) {
      const before = heard.outputs;
      const outputs = line === words.none ? [] : receive(); // One message for each `held`, and none for `none`.
      heard = { ...heard, outputs: new Map(outputs.map((output) => [output.resource, output])) };
      await closeAll(before.values());
    } else if (line.startsWith(words.bye)) heard = { ...heard, bye: new Set(namesIn(line.slice(words.bye.length))) };
    else {
      const plan = parsePlan(line);
      if (plan !== undefined) heard = { ...heard, plan };
    }
  }
  return heard;
}

function namesIn(text: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return []; // A goodbye that asks for nothing.
  }
}

async function keepOnly(
  outputs: ReadonlyMap<string, DigitalOutput>,
  wanted: ReadonlySet<string>,
): Promise<readonly DigitalOutput[]> {
  await closeAll([...outputs].flatMap(([line, output]) => (wanted.has(line) ? [] : [output])));
  return [...outputs].flatMap(([line, output]) => (wanted.has(line) ? [output] : []));
}

async function closeAll(outputs: Iterable<DigitalOutput>): Promise<void> {
  for (const output of outputs) await output[Symbol.asyncDispose]();
}
