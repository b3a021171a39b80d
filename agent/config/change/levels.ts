import { formatLine, type LineAddress } from '../../../drivers/contract/digital.ts';
import { type SafeDuty, safeAction } from '../../../drivers/safe-state.ts';
import { levelOf } from '../../documents/level.ts';
import type { Value } from '../../qn/message.ts';
import type { DocumentConfig, GpioOutConfig, PwmOutConfig } from '../config.ts';
import type { ControlLineConfig, McuConfig } from '../mcu-config.ts';

/** What a meter would see. */
export interface LevelChange {
  readonly document: string;
  /** Where to hold the meter: `GPIO17`, `pwmchip0/1`. */
  readonly line: string;
  /** Absent: it is not known, or nobody of this agent drives it now. */
  readonly from?: string;
  /** In order; the last one stays. `high`, `low`, `30 %`; `safe`: what the firmware of a microcontroller has for it. */
  readonly to: readonly string[];
}

/** Something a document drives, in words. */
interface Output {
  readonly line: string;
  /** When the agent takes it, and when it lets go of it; undefined: it is left as it is. */
  readonly boot: string | undefined;
  readonly exit: string | undefined;
  /** While the document has this value. */
  now(value: Value | undefined): string | undefined;
}

/** A document that is closed, opened, or both. */
export interface Exchanged {
  readonly name: string;
  readonly from?: DocumentConfig;
  readonly to?: DocumentConfig;
}

/** Pure. First everything that goes is let go of, then everything that comes is taken: two may exchange their lines. */
export function levelChanges(
  documents: readonly Exchanged[],
  valueOf: (document: string) => Value | undefined,
): readonly LevelChange[] {
  const seen = new Map<string, Omit<LevelChange, 'line'>>(); // A row for each line that is touched.
  for (const { name, from } of documents) {
    for (const output of outputsOf(name, from)) {
      const now = output.now(valueOf(name));
      const to = output.exit === undefined || output.exit === now ? [] : [output.exit];
      seen.set(output.line, { document: name, to, ...(now !== undefined && { from: now }) });
    }
  }
  for (const { name, to } of documents) {
    for (const { line, boot } of outputsOf(name, to)) {
      const before: Omit<LevelChange, 'line'> = seen.get(line) ?? { document: name, to: [] };
      const isDriven = boot !== undefined && boot !== (before.to.at(-1) ?? before.from);
      seen.set(line, { ...before, document: name, to: isDriven ? [...before.to, boot] : before.to });
    }
  }
  return [...seen].flatMap(([line, change]) => (change.to.length === 0 ? [] : [{ ...change, line }]));
}

function outputsOf(name: string, config: DocumentConfig | undefined): readonly Output[] {
  switch (config?.driver) {
    case 'gpio-out':
      return [gpioOutput(config)];
    case 'pwm-out':
      return [pwmOutput(config)];
    case 'mcu':
      return [...controlLinesOf(config), config].map((part) => mcuOutput(name, part));
    default:
      return []; // Inputs, and devices behind a serial line, which are sent nothing when they are opened or closed.
  }
}

function gpioOutput(config: GpioOutConfig): Output {
  const at = (situation: 'boot' | 'exit') => {
    const action = safeAction(situation, config.safe);
    return action.do === 'drive' ? levelName(config, action.on) : undefined;
  };
  return {
    line: formatLine(config.line),
    boot: at('boot'),
    exit: at('exit'),
    now: (value) => (typeof value === 'boolean' ? levelName(config, value) : undefined),
  };
}

function pwmOutput({ chip, channel, scale, safe }: PwmOutConfig): Output {
  const at = (duty: SafeDuty) => (duty === 'hold' ? undefined : percent(duty));
  return {
    line: `${chip}/${channel}`,
    boot: at(safe.boot),
    exit: at(safe.exit),
    now: (value) => (typeof value === 'number' ? percent(value / scale) : undefined),
  };
}

/** Modem lines of its serial port are none: no meter is held to them. */
function controlLinesOf({ reset, boot }: McuConfig): readonly ControlLineConfig[] {
  return [reset, boot].flatMap((part) => (part !== undefined && 'line' in part ? [part] : []));
}

/** Its control lines are held inactive while it is open; its own outputs are known to its firmware alone. */
function mcuOutput(name: string, part: ControlLineConfig | McuConfig): Output {
  if ('driver' in part) {
    const exit = part.safe.exit === 'safe' ? 'safe' : undefined;
    return { line: `outputs of ${name}`, boot: undefined, exit, now: () => undefined };
  }
  const inactive = levelName(part, false);
  return { line: formatLine(part.line), boot: inactive, exit: undefined, now: () => inactive };
}

function levelName(output: { readonly line: LineAddress; readonly active: 'high' | 'low' }, on: boolean): string {
  return levelOf(output, on) === 1 ? 'high' : 'low';
}

function percent(duty: number): string {
  return `${Math.round(duty * 1_000) / 10} %`;
}
