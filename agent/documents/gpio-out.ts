import type { OutputRequest } from '../../drivers/contract/digital.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { safeAction } from '../../drivers/safe-state.ts';
import type { GpioOutConfig } from '../config/config.ts';
import { formatDuration, parseDuration } from '../config/duration.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { onMsMax, onMsMin } from '../limits.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { DocumentKind, DocumentSurroundings, Effect } from './kind.ts';
import { levelOf } from './level.ts';
import { Switch } from './switch.ts';

/** A relay, a lamp, a valve: one line that is on or off. Its value is a boolean. */
export const gpioOut: DocumentKind<GpioOutConfig> = {
  plan: planOutput,

  async open(config, surroundings) {
    const { gpio, changed, inherited } = surroundings;
    if (inherited !== undefined) {
      changed(inherited.isOn);
      return ok(new Switch(config, inherited.output, inherited.isOn, surroundings));
    }
    if (!gpio.ok) return gpio;
    const initial = initialLevel(config, surroundings);
    const opened = await gpio.value.openOutput({ line: config.line, initial, consumer: 'qn-agent' });
    if (!opened.ok) return opened;
    const output = opened.value;
    const found = initial === 'as-is' ? output.readBack() : ok(initial);
    if (!found.ok) {
      await output[Symbol.asyncDispose]();
      return found;
    }
    const isOn = found.value === levelOf(config, true);
    changed(isOn);
    const relay = new Switch(config, output, isOn, surroundings);
    if (!isOn && output.found === levelOf(config, true)) surroundings.interlock?.release(relay, true); // It was on until now.
    return ok(relay);
  },
};

/**
 * In a group that another member holds an output is opened off, and no output of a group is opened on: it asks first,
 * with the line in its hands as it was found.
 */
function initialLevel(
  config: GpioOutConfig,
  { name, interlock, isOffOwed }: Pick<DocumentSurroundings, 'name' | 'interlock' | 'isOffOwed'>,
): OutputRequest['initial'] {
  if (isOffOwed) return levelOf(config, false);
  const boot = safeAction('boot', config.safe);
  if (boot.do !== 'drive') return 'as-is';
  if (!boot.on || interlock === undefined) return levelOf(config, boot.on);
  const { heldBy } = interlock;
  return heldBy === undefined || heldBy === name ? 'as-is' : levelOf(config, false);
}

function planOutput(config: GpioOutConfig, value: Value): Result<Effect, Refusal> {
  const planned = planSwitch(value);
  return planned.ok && planned.value.do === 'pulse' ? checkPulse(config, planned.value) : planned;
}

const effects: ReadonlyMap<string, Effect> = new Map([
  ['on', { do: 'set', on: true }],
  ['true', { do: 'set', on: true }],
  ['1', { do: 'set', on: true }],
  ['off', { do: 'set', on: false }],
  ['false', { do: 'set', on: false }],
  ['0', { do: 'set', on: false }],
  ['toggle', { do: 'toggle', once: true }],
]);

/**
 * true, 1, "ON", "true" … or their opposites; what people, Home Assistant and scripts send for a switch. Or `toggle`, or
 * a pulse: `{"on-for": "500ms"}`, also as a number of ms. QN-3.2b
 */
export function planSwitch(value: Value): Result<Effect, Refusal> {
  const isWord = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const effect = isWord ? effects.get(String(value).toLowerCase()) : planPulse(value);
  if (effect !== undefined) return ok(effect);
  return fail({
    reason: 'out-of-range',
    detail: `not a switch value: ${brief(value)}; send ON, OFF, true, false, 1, 0, TOGGLE or {"on-for": "500ms"}`,
  });
}

function planPulse(value: Value): Effect | undefined {
  if (!isPlainMap(value) || Object.keys(value).length !== 1) return undefined;
  const length = value['on-for'];
  const forMs = typeof length === 'string' ? parseDuration(length) : length;
  return typeof forMs === 'number' ? { do: 'pulse', forMs, once: true } : undefined;
}

/** A pulse must not be longer or shorter than the output is allowed to be on. */
function checkPulse(config: GpioOutConfig, effect: Effect & { readonly do: 'pulse' }): Result<Effect, Refusal> {
  const shortestMs = Math.max(onMsMin, config.minDwellMs);
  const longestMs = Math.min(onMsMax, config.maxOnMs ?? onMsMax);
  if (effect.forMs >= shortestMs && effect.forMs <= longestMs) return ok(effect);
  const detail = `a pulse of ${effect.forMs} ms; this output takes ${formatDuration(shortestMs)} to ${formatDuration(longestMs)}`;
  return fail({ reason: 'out-of-range', detail });
}

/** A value for an error text, cut to something a person can read. */
export function brief(value: Value): string {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}
