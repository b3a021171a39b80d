import type { Level } from '../../drivers/contract/digital.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { GpioOutConfig } from '../config/config.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { DocumentKind, Effect } from './kind.ts';

/** A relay, a lamp, a valve: one line that is on or off. Its value is a boolean. */
export const gpioOut: DocumentKind<GpioOutConfig> = {
  plan: (_config, value) => planSwitch(value),

  async open(config, { gpio, changed }) {
    if (!gpio.ok) return gpio;
    const initial = levelOf(config, config.safe.boot);
    const opened = await gpio.value.openOutput({ line: config.line, initial, consumer: 'qn-agent' });
    if (!opened.ok) return opened;
    const output = opened.value;
    const set = (on: boolean): Result<void> => {
      const written = output.write(levelOf(config, on));
      if (written.ok) changed(on);
      return written;
    };
    changed(config.safe.boot);
    return ok({
      perform: (effect: Effect) => (effect.do === 'set' ? set(effect.on) : ok()),
      probe() {
        if (!output.supports.readBack) return ok('written, cannot be read back');
        const level = output.readBack();
        return level.ok ? ok(`reads back ${level.value}`) : level;
      },
      async [Symbol.asyncDispose]() {
        if (config.safe.exit !== 'hold') set(config.safe.exit);
        await output[Symbol.asyncDispose]();
      },
    });
  },
};

/** The only place where active-low is turned into an electrical level. */
export function levelOf(config: { readonly active: 'high' | 'low' }, on: boolean): Level {
  return on === (config.active === 'high') ? 1 : 0;
}

const words: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['true', true],
  ['1', true],
  ['off', false],
  ['false', false],
  ['0', false],
]);

/** true, 1, "ON", "true" … or their opposites; what people, Home Assistant and scripts send for a switch. */
export function planSwitch(value: Value): Result<Effect, Refusal> {
  const isWord = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const on = isWord ? words.get(String(value).toLowerCase()) : undefined;
  if (on !== undefined) return ok({ do: 'set', on });
  return fail({
    reason: 'out-of-range',
    detail: `not a switch value: ${brief(value)}; send ON, OFF, true, false, 1 or 0`,
  });
}

/** A value for an error text, cut to something a person can read. */
export function brief(value: Value): string {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}
