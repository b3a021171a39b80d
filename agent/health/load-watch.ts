import type { Clock } from '../clock.ts';
import type { SlotHolder } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import { loadLookMs, loadShareMin } from './limits.ts';
import { type DegradeLevel, type Load, nextSparing, type Sparing, switchedOff, unspared } from './load.ts';

export interface LoadWatchDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pick<Pool, 'takePeaks'>;
}

/** What a running agent knows of its load beside the pool. */
export interface LoadSources {
  /** Messages that found no place in the queue, since start. */
  overflows(): number;
  isConnected(): boolean;
}

/** Looks at the load at fixed times, and tells what it calls for. It is calm until `start`. */
export class LoadWatch implements Disposable {
  readonly #dependencies: LoadWatchDependencies;
  #sparing: Sparing = unspared;
  #overflows = 0;
  #timer: Disposable | undefined;

  constructor(dependencies: LoadWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /** `changed` is called whenever the level is another one. */
  start(sources: LoadSources, changed: (level: DegradeLevel) => void): void {
    const { clock } = this.#dependencies;
    const dueMs = clock.monotonicMs() + loadLookMs;
    this.#timer = clock.after(loadLookMs, () => {
      const nowMs = clock.monotonicMs();
      this.#look(this.#loadOf(sources, nowMs - dueMs), nowMs, changed);
      this.start(sources, changed);
    });
  }

  get sparing(): Sparing {
    return this.#sparing;
  }

  get level(): DegradeLevel {
    return this.#sparing.level;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #look(load: Load, nowMs: number, changed: (level: DegradeLevel) => void): void {
    const before = this.#sparing.level;
    this.#sparing = nextSparing(this.#sparing, load, nowMs);
    const { level, why } = this.#sparing;
    if (level === before) return;
    const told = { degrade_level: level, before, off: switchedOff(level), why };
    if (level > before) this.#dependencies.log.warn(told, 'too much to do: the board does without what it can');
    else this.#dependencies.log.info(told, 'the load fell: the board takes up again what it did without');
    changed(level);
  }

  #loadOf({ overflows, isConnected }: LoadSources, lateMs: number): Load {
    const peaks = this.#dependencies.pool.takePeaks();
    const count = overflows();
    const isOverflown = count > this.#overflows;
    this.#overflows = count;
    const share = (holder: SlotHolder) => {
      const { peak, quota, refused, refusedLarge } = peaks[holder];
      // Long messages that find no room leave it to short ones, and commands are short: a flood of configs must not stop them.
      return refused > 0 ? 1 : Math.max(peak / quota, refusedLarge > 0 ? loadShareMin[2] : 0);
    };
    return {
      inbound: isOverflown ? 1 : share('inbound'),
      executing: share('executing'),
      outbox: isConnected() ? Math.min(share('outbox'), 1) : 0,
      lateMs: Math.max(0, lateMs),
    };
  }
}
