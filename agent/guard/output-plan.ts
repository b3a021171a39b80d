import { formatLine, type Level, type LineAddress } from '../../drivers/contract/digital.ts';
import type { GpioSelection } from '../../drivers/registry.ts';
import { type SafeAction, safeAction } from '../../drivers/safe-state.ts';
import type { Config, GpioOutConfig } from '../config/config.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { tryParseJson } from '../config/try-parse-json.ts';
import { deadTimesOf, unknownMember } from '../documents/interlock.ts';
import { levelOf } from '../documents/level.ts';
import { deadTimeMsMax } from '../limits.ts';

/** An output and the level it is to have. */
export interface PlannedOutput {
  readonly document: string;
  readonly line: LineAddress;
  /** Absent: whatever it has, if somebody holds it. */
  readonly level?: Level;
  /** It goes on, and is in an interlock group; absent: it waits for no other output. */
  readonly deadTime?: PlannedDeadTime;
}

/** All these documents, the others of the group, are off for so long before. */
export interface PlannedDeadTime {
  readonly after: readonly string[];
  readonly forMs: number;
  /** When the last one of them went off that the agent knows of, by the monotonic clock of the system; absent: none did. */
  readonly offMs?: number;
}

const plannedSituations = ['crash', 'config-error'] as const;

export type PlannedSituation = (typeof plannedSituations)[number];

/** A PWM channel and the part of its period that it is to be on. */
export interface PlannedPower {
  readonly document: string;
  readonly chip: string;
  readonly channel: number;
  readonly frequencyHz: number;
  readonly duty: number;
}

/** The longest time on of an output, whose level here is off; and after which ends of the agent it may be on. */
export interface PlannedLimit extends PlannedOutput {
  readonly level: Level;
  readonly forMs: number;
  readonly after: readonly AgentEnd[];
}

export type AgentEnd = PlannedSituation | 'exit';

/** What is driven when there is no agent that could: plain data, so that it goes through a pipe and into a file. */
export interface OutputPlan {
  readonly situation: PlannedSituation;
  readonly gpio: GpioSelection;
  readonly outputs: readonly PlannedOutput[];
  readonly powers: readonly PlannedPower[];
  readonly limits: readonly PlannedLimit[];
}

/**
 * The outputs that are driven or held in this situation; the others are let go of. `pulses`: documents that would be held in
 * a pulse that nobody is left to end. `offs`: when documents of interlock groups went off.
 */
export function planOutputs(
  config: Config,
  situation: PlannedSituation,
  pulses: ReadonlySet<string> = new Set(),
  offs: ReadonlyMap<string, number> = new Map(),
): OutputPlan {
  const { backend, board } = config.gpio;
  const isInMemory = backend === 'simulated' && board === undefined; // Such lines end with the process that has them.
  const canBeHeld = backend === 'gpiochip' || backend === 'auto'; // The lines of the others keep their level by themselves.
  const actions = Object.entries(config.documents).flatMap(([document, output]) =>
    output.driver === 'gpio-out' && !isInMemory
      ? [{ document, output, action: safeAction(situation, output.safe) }]
      : [],
  );
  // What goes off waits for nothing that goes on.
  const ordered = actions.toSorted((a, b) => Number(drivesOn(a.action)) - Number(drivesOn(b.action)));
  const outputs = ordered.flatMap(({ document, output, action }): PlannedOutput[] => {
    if (action.do === 'hold' && pulses.has(document))
      return [{ document, line: output.line, level: levelOf(output, false) }];
    if (action.do === 'drive') {
      const deadTime = action.on ? plannedDeadTime(actions, document, output, offs) : undefined;
      return [{ document, line: output.line, level: levelOf(output, action.on), ...(deadTime && { deadTime }) }];
    }
    return action.do === 'hold' && canBeHeld ? [{ document, line: output.line }] : [];
  });
  const powers = isInMemory ? [] : plannedPowers(config, situation);
  return { situation, gpio: config.gpio, outputs, powers, limits: isInMemory ? [] : plannedLimits(config, situation) };
}

function plannedDeadTime(
  outputs: readonly { readonly document: string; readonly output: GpioOutConfig }[],
  document: string,
  { interlock }: GpioOutConfig,
  offs: ReadonlyMap<string, number>,
): PlannedDeadTime | undefined {
  if (interlock === undefined) return undefined;
  const { group } = interlock;
  const members = outputs.filter(({ output }) => output.interlock?.group === group);
  const forMs = deadTimesOf(members.map(({ output: config }) => ({ config }))).get(group) ?? 0;
  const after = members.flatMap((member) => (member.document === document ? [] : [member.document]));
  const offsMs = [...after, unknownMember].flatMap((name) => offs.get(name) ?? []);
  return { after, forMs, ...(offsMs.length > 0 && { offMs: Math.max(...offsMs) }) };
}

function plannedLimits(config: Config, situation: PlannedSituation): readonly PlannedLimit[] {
  return Object.entries(config.documents).flatMap(([document, output]): PlannedLimit[] => {
    if (output.driver !== 'gpio-out' || output.maxOnMs === undefined) return [];
    const { line, safe, maxOnMs: forMs } = output;
    const after = ([situation, 'exit'] as const).filter((end) => mayLeaveOn(safeAction(end, safe)));
    return after.length === 0 ? [] : [{ document, line, level: levelOf(output, false), forMs, after }];
  });
}

/** A line that is let go of is not ours any more, whatever is on it. */
function mayLeaveOn(action: SafeAction): boolean {
  return action.do === 'hold' || drivesOn(action);
}

function drivesOn(action: SafeAction): boolean {
  return action.do === 'drive' && action.on;
}

/** Those that are driven; the others go on as they run, which needs nobody. */
function plannedPowers(config: Config, situation: PlannedSituation): readonly PlannedPower[] {
  return Object.entries(config.documents).flatMap(([document, power]): PlannedPower[] => {
    if (power.driver !== 'pwm-out') return [];
    const { chip, channel, frequencyHz, safe } = power;
    const duty = situation === 'crash' ? safe.crash : safe.configError;
    return duty === 'hold' ? [] : [{ document, chip, channel, frequencyHz, duty }];
  });
}

/** The lines that somebody is to hold after a good end of the agent, as the drivers call them. */
export function linesHeldAtExit(config: Config): readonly string[] {
  return Object.values(config.documents).flatMap((output) => {
    if (output.driver !== 'gpio-out' || safeAction('exit', output.safe).do !== 'hold') return [];
    return [formatLine(output.line)];
  });
}

/** Undefined for a text that is no plan: a damaged file, half a line. */
export function parsePlan(text: string): OutputPlan | undefined {
  const plan = tryParseJson(text);
  if (!isPlainMap(plan) || !Array.isArray(plan['outputs']) || !Array.isArray(plan['powers'])) return undefined;
  const gpio = selectionOf(plan['gpio']);
  const situation = plannedSituations.find((known) => known === plan['situation']);
  const listed: readonly unknown[] = plan['outputs'];
  const outputs = listed.flatMap((output) => outputOf(output) ?? []);
  const listedPowers: readonly unknown[] = plan['powers'];
  const powers = listedPowers.flatMap((power) => powerOf(power) ?? []);
  const listedLimits: readonly unknown[] = Array.isArray(plan['limits']) ? plan['limits'] : []; // None in a file of before.
  const limits = listedLimits.flatMap((limit) => limitOf(limit) ?? []);
  const isWhole =
    outputs.length === listed.length && powers.length === listedPowers.length && limits.length === listedLimits.length;
  if (gpio === undefined || situation === undefined || !isWhole) return undefined;
  return { situation, gpio, outputs, powers, limits };
}

export function describeOutput({ document, line, level }: PlannedOutput): string {
  const place = `${document} (${formatLine(line)})`;
  return level === undefined ? `${place} held as it is` : `${place} to ${level === 1 ? 'high' : 'low'}`;
}

const backends = ['auto', 'gpiochip', 'sysfs', 'simulated'] as const;

function selectionOf(input: unknown): GpioSelection | undefined {
  if (!isPlainMap(input)) return undefined;
  const { backend: name, board } = input;
  const backend = backends.find((known) => known === name);
  if (backend === undefined) return undefined;
  return typeof board === 'string' ? { backend, board } : { backend };
}

function outputOf(input: unknown): PlannedOutput | undefined {
  if (!isPlainMap(input)) return undefined;
  const { document, level } = input;
  const line = lineOf(input['line']);
  if (typeof document !== 'string' || line === undefined) return undefined;
  if (level === undefined) return { document, line };
  if (level !== 0 && level !== 1) return undefined;
  if (input['deadTime'] === undefined) return { document, line, level };
  const deadTime = deadTimeOf(input['deadTime']);
  return deadTime && { document, line, level, deadTime };
}

function deadTimeOf(input: unknown): PlannedDeadTime | undefined {
  if (!isPlainMap(input) || !Array.isArray(input['after']) || typeof input['forMs'] !== 'number') return undefined;
  const { offMs } = input;
  const forMs = Math.min(input['forMs'], deadTimeMsMax);
  return { after: input['after'].map(String), forMs, ...(typeof offMs === 'number' && { offMs }) };
}

const agentEnds = [...plannedSituations, 'exit'] as const;

function limitOf(input: unknown): PlannedLimit | undefined {
  const output = outputOf(input);
  if (output?.level === undefined || !isPlainMap(input) || typeof input['forMs'] !== 'number') return undefined;
  const listed: unknown = input['after'];
  if (!Array.isArray(listed)) return undefined;
  return {
    ...output,
    level: output.level,
    forMs: input['forMs'],
    after: agentEnds.filter((end) => listed.includes(end)),
  };
}

function powerOf(input: unknown): PlannedPower | undefined {
  if (!isPlainMap(input)) return undefined;
  const { document, chip, channel, frequencyHz, duty } = input;
  if (typeof document !== 'string' || typeof chip !== 'string') return undefined;
  if (typeof channel !== 'number' || typeof frequencyHz !== 'number' || typeof duty !== 'number') return undefined;
  return { document, chip, channel, frequencyHz, duty };
}

function lineOf(input: unknown): LineAddress | undefined {
  if (typeof input === 'string') return input;
  if (!isPlainMap(input)) return undefined;
  const { chip, offset } = input;
  return typeof chip === 'string' && typeof offset === 'number' ? { chip, offset } : undefined;
}
