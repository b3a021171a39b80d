import { formatLine, type Level, type LineAddress } from '../../drivers/contract/digital.ts';
import type { GpioSelection } from '../../drivers/registry.ts';
import { type Situation, safeAction } from '../../drivers/safe-state.ts';
import type { Config } from '../config/config.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { levelOf } from '../documents/level.ts';

/** An output and the level it is to have. */
export interface PlannedOutput {
  readonly document: string;
  readonly line: LineAddress;
  readonly level: Level;
}

/** What is driven when there is no agent that could: plain data, so that it goes through a pipe and into a file. */
export interface OutputPlan {
  readonly gpio: GpioSelection;
  readonly outputs: readonly PlannedOutput[];
}

/** The outputs that are driven in this situation; the others are left alone. */
export function planOutputs(config: Config, situation: Situation): OutputPlan {
  const { backend, board } = config.gpio;
  const isInMemory = backend === 'simulated' && board === undefined; // Such lines end with the process that has them.
  const outputs = Object.entries(config.documents).flatMap(([document, output]): PlannedOutput[] => {
    if (output.driver !== 'gpio-out' || isInMemory) return [];
    const action = safeAction(situation, output.safe);
    return action.do === 'drive' ? [{ document, line: output.line, level: levelOf(output, action.on) }] : [];
  });
  return { gpio: config.gpio, outputs };
}

/** Undefined for a text that is no plan: a damaged file, half a line. */
export function parsePlan(text: string): OutputPlan | undefined {
  const plan = parseJson(text);
  if (!isPlainMap(plan) || !Array.isArray(plan['outputs'])) return undefined;
  const gpio = selectionOf(plan['gpio']);
  const listed: readonly unknown[] = plan['outputs'];
  const outputs = listed.flatMap((output) => outputOf(output) ?? []);
  return gpio === undefined || outputs.length < listed.length ? undefined : { gpio, outputs };
}

export function describeOutput({ document, line, level }: PlannedOutput): string {
  return `${document} (${formatLine(line)}) to ${level === 1 ? 'high' : 'low'}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // No plan, and the caller says so.
  }
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
  if (typeof document !== 'string' || line === undefined || (level !== 0 && level !== 1)) return undefined;
  return { document, line, level };
}

function lineOf(input: unknown): LineAddress | undefined {
  if (typeof input === 'string') return input;
  if (!isPlainMap(input)) return undefined;
  const { chip, offset } = input;
  return typeof chip === 'string' && typeof offset === 'number' ? { chip, offset } : undefined;
}
