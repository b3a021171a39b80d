import type { Edge } from '../../drivers/contract/digital.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { GpioCounterConfig } from '../config/config.ts';
import { isPlainMap } from '../config/plain-map.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { createDebounce, type Debounce } from './debounce.ts';
import { brief } from './gpio-out.ts';
import { openGuardedInput } from './guarded-input.ts';
import type { DocumentKind, DocumentSurroundings, Effect } from './kind.ts';

/** A flow meter, an energy meter: edges of a line, counted. Its value is `{count, rate}`, the rate in edges per second. */
export const gpioCounter: DocumentKind<GpioCounterConfig> = {
  plan: (_config, value) => planCount(value),

  async open(config, surroundings) {
    const { clock, gpio, happened, troubled } = surroundings;
    if (!gpio.ok) return gpio;
    const counter = new Counter(config, surroundings);
    let isStormy = false;
    let isWell = true;
    const debounce = debounceOf(config, clock, (edge) => counter.take(edge));
    const edges = debounce === undefined ? config.edge : 'both';
    const request = { line: config.line, bias: config.bias, edges, consumer: 'qn-agent' };
    const opened = await openGuardedInput({ clock, gpio: gpio.value }, request, config.storm, {
      edge: debounce?.edge ?? ((edge) => counter.take(edge)),
      found(level) {
        debounce?.begin(level);
        if (isStormy) happened({ disabled: false });
        if (!isWell) troubled(undefined);
        isStormy = false;
        isWell = true;
      },
      stormed(error) {
        debounce?.end();
        if (!isStormy) happened({ disabled: 'storm' });
        isStormy = true;
        isWell = false;
        troubled(error);
      },
      failed(error) {
        debounce?.end();
        isWell = false;
        troubled(error);
      },
    });
    if (!opened.ok) return opened;
    const input = opened.value;
    counter.tell();
    return ok({
      perform(effect: Effect) {
        if (effect.do === 'count') counter.set(effect.count);
        return ok();
      },
      probe() {
        const level = input.read();
        return level.ok ? ok(`reads ${level.value}, counted ${counter.count}`) : level;
      },
      async [Symbol.asyncDispose]() {
        debounce?.end();
        await input[Symbol.asyncDispose]();
        counter[Symbol.dispose]();
      },
    });
  },
};

/**
 * Undefined: every edge counts. Else one that goes the way of `edge`, once the level behind it was stable; what came too fast to be
 * told one by one is taken for the bouncing of a contact.
 */
function debounceOf(
  { debounceMs, edge: counted }: GpioCounterConfig,
  clock: Clock,
  count: (edge: Edge) => void,
): Debounce | undefined {
  if (debounceMs === 0) return undefined;
  return createDebounce(debounceMs, clock, ({ level, atNs }) => {
    if (counted === 'both' || (counted === 'rising') === (level === 1)) count({ level, atNs });
  });
}

/** `{"set": 0}` or a number. QN-3.2c */
function planCount(value: Value): Result<Effect, Refusal> {
  const count = isPlainMap(value) && Object.keys(value).length === 1 ? value['set'] : value;
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return ok({ do: 'count', count });
  return fail({ reason: 'out-of-range', detail: `not a count: ${brief(value)}; send {"set": 0} or a whole number` });
}

class Counter implements Disposable {
  readonly #config: GpioCounterConfig;
  readonly #surroundings: DocumentSurroundings;
  #count: number;
  /** Stamps: of the newest edge, of the first one since the last value told, and of the one before that. */
  #edgeNs: bigint | undefined;
  #firstNs: bigint | undefined;
  #beforeNs: bigint | undefined;
  #newCount = 0;
  #rate = 0;
  /** When the last edge came, by our own clock; the stamps have another beginning. */
  #edgeMs = 0;
  #timer: Disposable | undefined;

  constructor(config: GpioCounterConfig, surroundings: DocumentSurroundings) {
    this.#config = config;
    this.#surroundings = surroundings;
    this.#count = countOf(surroundings.memory.recall());
    surroundings.memory.keep(() => ({ count: this.#count }));
  }

  get count(): number {
    return this.#count;
  }

  take({ atNs, missedCount = 0 }: Edge): void {
    const edgesCount = 1 + missedCount;
    const roomCount = Number.MAX_SAFE_INTEGER - this.#count;
    this.#count = edgesCount <= roomCount ? this.#count + edgesCount : edgesCount - roomCount - 1; // As a mechanical one.
    if (this.#newCount === 0) {
      this.#beforeNs = this.#edgeNs;
      this.#firstNs = atNs;
    }
    this.#newCount += edgesCount;
    this.#edgeNs = atNs;
    this.#edgeMs = this.#surroundings.clock.monotonicMs();
    this.#surroundings.memory.touch();
    this.#schedule();
  }

  set(count: number): void {
    this.#count = count;
    this.#surroundings.memory.touch();
    this.tell();
  }

  tell(): void {
    this.#surroundings.changed({ count: this.#count, rate: this.#rate });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#newCount > 0) this.tell();
  }

  #schedule(): void {
    this.#timer ??= this.#surroundings.clock.after(this.#config.publishMsMin, () => this.#due());
  }

  /** Goes on by itself until the rate is 0, so that a line that fell silent is seen as such. */
  #due(): void {
    this.#timer = undefined;
    this.#rate = this.#newCount > 0 ? this.#newRate() : this.#fadedRate();
    this.#newCount = 0;
    this.tell();
    if (this.#rate > 0) this.#schedule();
  }

  /** From stamp to stamp, so that no late timer is in it; after a silence, without the silence. */
  #newRate(): number {
    const isRunning = this.#rate > 0 || this.#newCount === 1;
    const fromNs = isRunning ? (this.#beforeNs ?? this.#firstNs) : this.#firstNs;
    const gapsCount = fromNs === this.#firstNs ? this.#newCount - 1 : this.#newCount;
    const spanNs = Number((this.#edgeNs ?? 0n) - (fromNs ?? 0n));
    return spanNs > 0 ? rounded((gapsCount * 1e9) / spanNs) : 0;
  }

  /** No edge since: the rate stands while the next edge may still be on its way, and then it is 0. */
  #fadedRate(): number {
    const silentMs = this.#surroundings.clock.monotonicMs() - this.#edgeMs;
    return silentMs <= 2_000 / this.#rate ? this.#rate : 0;
  }
}

function rounded(rate: number): number {
  return Math.round(rate * 1_000) / 1_000;
}

function countOf(kept: unknown): number {
  const count = isPlainMap(kept) ? kept['count'] : undefined;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
