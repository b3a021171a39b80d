import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { PwmOutConfig } from '../config/config.ts';
import { isPlainMap } from '../config/plain-map.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { brief } from './gpio-out.ts';
import type { DocumentKind, Effect } from './kind.ts';

/** A fan, a heater, a dimmed lamp. Its value is a number from 0 to `scale`. */
export const pwmOut: DocumentKind<PwmOutConfig> = {
  plan: planPower,

  async open(config, { pwm, changed }) {
    const { chip, channel, frequencyHz, scale, safe } = config;
    const opened = await pwm.open({ chip, channel, frequencyHz, initial: safe.boot === 'hold' ? 'as-is' : safe.boot });
    if (!opened.ok) return opened;
    const output = opened.value;
    const tell = (duty: number) => changed(Math.round(duty * scale * 1e6) / 1e6);
    const set = (duty: number): Result<void> => {
      const written = output.write(duty);
      if (written.ok) tell(duty);
      return written;
    };
    const running = output.readBack();
    if (!running.ok) {
      await output[Symbol.asyncDispose]();
      return running;
    }
    tell(safe.boot === 'hold' ? running.value : safe.boot);
    return ok({
      perform: (effect: Effect) => (effect.do === 'duty' ? set(effect.duty) : ok()),
      probe() {
        const duty = output.readBack();
        return duty.ok ? ok(`runs at ${Math.round(duty.value * 1_000) / 10} % of ${frequencyHz} Hz`) : duty;
      },
      async [Symbol.asyncDispose]() {
        if (safe.exit !== 'hold') set(safe.exit);
        await output[Symbol.asyncDispose]();
      },
    });
  },
};

const words: ReadonlyMap<Value, number> = new Map<Value, number>([
  ['on', 1],
  [true, 1],
  ['off', 0],
  [false, 0],
]);

/** A number from 0 to `scale`, the same as `{"duty": number}`, or ON and OFF for full power and none. QN-3.2d */
function planPower({ scale }: PwmOutConfig, value: Value): Result<Effect, Refusal> {
  const word = words.get(typeof value === 'string' ? value.toLowerCase() : value);
  if (word !== undefined) return ok({ do: 'duty', duty: word });
  const power = isPlainMap(value) && Object.keys(value).length === 1 ? value['duty'] : value;
  if (typeof power === 'number' && power >= 0 && power <= scale) return ok({ do: 'duty', duty: power / scale });
  const detail = `not a power: ${brief(value)}; send a number from 0 to ${scale}, {"duty": number}, ON or OFF`;
  return fail({ reason: 'out-of-range', detail });
}
