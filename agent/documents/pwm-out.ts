import type { PwmOutput } from '../../drivers/contract/pwm.ts';
import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { SafeDuty } from '../../drivers/safe-state.ts';
import { isGone } from '../../drivers/system-error.ts';
import type { PwmOutConfig } from '../config/config.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { safeRetryMs } from '../limits.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { brief } from './gpio-out.ts';
import type { DocumentKind, DocumentSurroundings, Effect, LostOutput, OpenDocument } from './kind.ts';

/** A fan, a heater, a dimmed lamp. Its value is a number from 0 to `scale`. */
export const pwmOut: DocumentKind<PwmOutConfig> = {
  plan: planPower,

  async open(config, surroundings) {
    const { chip, channel, frequencyHz, safe } = config;
    const initial = safe.boot === 'hold' ? 'as-is' : safe.boot;
    const opened = await surroundings.pwm.open({ chip, channel, frequencyHz, initial });
    if (!opened.ok) return opened;
    const running = opened.value.readBack();
    if (running.ok)
      return ok(new Power(config, opened.value, initial === 'as-is' ? running.value : initial, surroundings));
    await opened.value[Symbol.asyncDispose]();
    return running;
  },
};

type PowerSurroundings = Pick<DocumentSurroundings, 'clock' | 'changed' | 'troubled' | 'safe'>;

/** An open channel with its safe states. */
class Power implements OpenDocument {
  readonly #config: PwmOutConfig;
  readonly #output: PwmOutput;
  readonly #surroundings: PowerSurroundings;
  #duty: number;
  /** What it was before it went to its offline state, until somebody commands again. */
  #before: number | undefined;
  #offlineTimer: Disposable | undefined;
  /** Its offline state could not be driven yet. */
  #retry: Disposable | undefined;
  #hasTrouble = false;
  #lost: LostOutput | undefined;
  readonly lost = () => this.#lost;

  constructor(config: PwmOutConfig, output: PwmOutput, duty: number, surroundings: PowerSurroundings) {
    this.#config = config;
    this.#output = output;
    this.#surroundings = surroundings;
    this.#duty = duty;
    this.#tell();
  }

  perform(effect: Effect): Result<void> {
    if (effect.do !== 'duty') return ok(); // The plan of this kind makes no other.
    const written = this.#set(effect.duty);
    if (!written.ok) return written;
    this.#retry?.[Symbol.dispose]();
    this.#before = undefined;
    this.#surroundings.safe(undefined);
    return written;
  }

  online(isOnline: boolean): void {
    const { offline } = this.#config.safe;
    for (const timer of [this.#offlineTimer, this.#retry]) timer?.[Symbol.dispose]();
    this.#offlineTimer = undefined;
    if (offline === undefined) return;
    if (!isOnline)
      this.#offlineTimer = this.#surroundings.clock.after(offline.afterMs, () => this.#wentOffline(offline.to));
    else if (offline.restore && this.#before !== undefined) this.perform({ do: 'duty', duty: this.#before });
  }

  probe(): Result<string> {
    const duty = this.#output.readBack();
    return duty.ok ? ok(`runs at ${Math.round(duty.value * 1_000) / 10} % of ${this.#config.frequencyHz} Hz`) : duty;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of [this.#offlineTimer, this.#retry]) timer?.[Symbol.dispose]();
    const { exit } = this.#config.safe;
    if (exit !== 'hold' && !this.#lost) this.#set(exit);
    await this.#output[Symbol.asyncDispose]();
  }

  /** While that fails it is tried again every safeRetryMs, until a broker is there or a command was done. */
  #wentOffline(to: SafeDuty): void {
    if (to === 'hold' || (to === this.#duty && !this.#hasTrouble)) return;
    this.#before ??= this.#duty;
    if (this.#set(to).ok) this.#surroundings.safe(`went to ${this.#scaled(to)}: offline`);
    else this.#retry = this.#surroundings.clock.after(safeRetryMs, () => this.#wentOffline(to));
  }

  #set(duty: number): Result<void> {
    const written = this.#output.write(duty);
    if (!written.ok) this.#failed(written.error);
    else {
      this.#duty = duty;
      this.#tell();
      if (this.#hasTrouble) this.#surroundings.troubled(undefined);
      this.#hasTrouble = false;
    }
    return written;
  }

  /** Nobody knows the duty now; one try to bring it to a known one. */
  #failed(error: DriverError): void {
    this.#hasTrouble = true;
    if (isGone(error)) this.#lost = { error, mayBeOn: this.#duty > 0, isOffOwed: false };
    this.#surroundings.troubled(error);
    if (this.#lost) return;
    const { crash } = this.#config.safe;
    if (crash === 'hold' || !this.#output.write(crash).ok) return;
    this.#duty = crash;
    this.#tell();
    this.#surroundings.safe(`went to ${this.#scaled(crash)}: driver-fault`);
  }

  #tell(): void {
    this.#surroundings.changed(this.#scaled(this.#duty));
  }

  #scaled(duty: number): number {
    return Math.round(duty * this.#config.scale * 1e6) / 1e6;
  }
}

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
