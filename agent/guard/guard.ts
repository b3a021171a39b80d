import { type DigitalOutput, formatLine } from '../../drivers/contract/digital.ts';
import type { PwmBackend } from '../../drivers/contract/pwm.ts';
import type { GpioSelection } from '../../drivers/registry.ts';
import { driveInOrder, type PlannedChange } from './dead-time.ts';
import { type Driven, driveAlone, driveHeld, drivePowers, type OpeningDependencies } from './drive-outputs.ts';
import { parseBye, parseLimit, words } from './guard-words.ts';
import { endsOf } from './later.ts';
import { readLines } from './lines-of-input.ts';
import { type AgentEnd, type OutputPlan, type PlannedOutput, parsePlan } from './output-plan.ts';

export interface GuardDependencies extends OpeningDependencies {
  /** From the agent, a line each; it ends when the agent does, however it ends. */
  readonly input: AsyncIterable<Uint8Array>;
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
  /** What is to go off or on later, unless the next agent comes before. */
  readonly later: readonly PlannedChange[];
  /** Until when outputs may be on that were on at the end. */
  readonly limits: ReadonlyMap<string, number>;
}

interface Heard {
  readonly plan?: OutputPlan;
  readonly outputs: ReadonlyMap<string, DigitalOutput>;
  readonly limits: ReadonlyMap<string, number>;
  /** The lines that are to be kept after a good end. */
  readonly bye?: ReadonlySet<string>;
}

/** Waits for the end of the agent, and holds its lines meanwhile as well, so that its end lets go of none. */
export async function guard(dependencies: GuardDependencies): Promise<Guarding> {
  const { plan, outputs, limits, bye } = await hear(dependencies);
  if (plan === undefined) {
    const detail = 'the agent ended before it told its plan';
    if (bye !== undefined) return { kept: await keepOnly(outputs, bye), later: [], limits };
    return { driven: [{ document: '', isDriven: false, detail }], kept: [...outputs.values()], later: [], limits };
  }
  const endsAfter = (end: AgentEnd, goingOn: readonly PlannedChange[] = []) =>
    endsOf(plan, end, limits, dependencies.clock.monotonicMs(), goingOn);
  if (bye !== undefined) return { plan, kept: await keepOnly(outputs, bye), later: endsAfter('exit'), limits };
  const kept = await keepOnly(outputs, new Set(plan.outputs.map(({ line }) => formatLine(line))));
  const { driven, later: goingOn } = await driveAll(dependencies, plan, outputs);
  const later = goingOn.filter(({ output }) => !limits.has(output.document)); // The others are on as it is.
  return { plan, driven, kept, later: [...later, ...endsAfter(plan.situation, later)], limits };
}

async function driveAll(
  dependencies: GuardDependencies,
  plan: OutputPlan,
  outputs: ReadonlyMap<string, DigitalOutput>,
) {
  const awaited = new Set(plan.outputs.flatMap(({ deadTime }) => deadTime?.after ?? []));
  const drive = async (some: readonly PlannedOutput[]): Promise<readonly Driven[]> => {
    const held = some.flatMap((planned) => {
      const output = outputs.get(formatLine(planned.line));
      return output === undefined ? [] : [driveHeld(planned, output, awaited.has(planned.document))]; // First: it takes no time.
    });
    const others = some.filter(({ line, level }) => level !== undefined && !outputs.has(formatLine(line)));
    return others.length === 0 ? held : [...held, ...(await driveAlone(dependencies, plan.gpio, others))];
  };
  const [{ driven, later }, powers] = await Promise.all([
    driveInOrder(plan.outputs, dependencies.clock, drive),
    plan.powers.length === 0 ? [] : drivePowers(dependencies.createPwm(plan.gpio), plan.powers),
  ]);
  return { driven: [...driven, ...powers], later };
}

/** The state of what was heard after each line, until the end. */
async function hear({ input, receive }: GuardDependencies): Promise<Heard> {
  const limits = new Map<string, number>(); // At most one per document.
  let heard: Heard = { outputs: new Map(), limits };
  for await (const line of readLines(input)) {
    if (line === words.held || line === words.none) {
      const before = heard.outputs;
      const outputs = line === words.none ? [] : receive(); // One message for each `held`, and none for `none`.
      heard = { ...heard, outputs: new Map(outputs.map((output) => [output.resource, output])) };
      await closeAll(before.values());
      continue;
    }
    const bye = parseBye(line);
    const [document, atMs] = parseLimit(line) ?? [];
    if (bye !== undefined) heard = { ...heard, bye };
    else if (document !== undefined && atMs === undefined) limits.delete(document);
    else if (document !== undefined && atMs !== undefined) limits.set(document, atMs);
    else {
      const plan = parsePlan(line);
      if (plan !== undefined) heard = { ...heard, plan };
    }
  }
  return heard;
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
