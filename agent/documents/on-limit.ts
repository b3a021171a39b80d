import type { Clock } from '../clock.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { memoryWriteMsMin, safeRetryMs } from '../limits.ts';
import type { Memory } from './memory-file.ts';

/**
 * The longest time an output is on at a stretch. What is left of it survives a restart, so that an agent that is started
 * again and again does not leave a heater on for ever.
 *
 * Not promised: more than the wall clock knows. While the agent is down and the clock was not set, no time passes.
 */
export class OnLimit implements Disposable {
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #limitMs: number;
  readonly #over: () => void;
  #dueMs: number | undefined;
  #timers: Disposable[] = []; // At most two: the limit, and the next time to remember what is left.

  constructor(clock: Clock, memory: Memory, limitMs: number, over: () => void) {
    this.#clock = clock;
    this.#memory = memory;
    this.#limitMs = limitMs;
    this.#over = over;
    memory.keep(() => this.#kept());
  }

  /** How long the output may stay on that was found on; 0: its time is over. */
  leftOfBefore(): number {
    const kept = this.#memory.recall();
    if (!isPlainMap(kept)) return this.#limitMs;
    const { left_ms: leftMs, wall_ms: wallMs } = kept;
    if (typeof leftMs !== 'number' || typeof wallMs !== 'number') return this.#limitMs;
    const passedMs = Math.max(0, this.#clock.wallMs() - wallMs);
    return Math.min(this.#limitMs, Math.max(0, leftMs - passedMs));
  }

  /** The output is on. While it is, a second call changes nothing. */
  start(leftMs: number = this.#limitMs): void {
    if (this.#dueMs !== undefined) return;
    this.#dueMs = this.#clock.monotonicMs() + leftMs;
    this.#expireIn(leftMs);
    this.#remember();
  }

  /** The output is off. */
  stop(): void {
    if (this.#dueMs === undefined) return;
    this.#dueMs = undefined;
    this.#clear();
    this.#memory.touch();
  }

  /** Stops the clock and leaves what is remembered as it is. */
  [Symbol.dispose](): void {
    this.#clear();
  }

  #clear(): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers = [];
  }

  /** Over is over: it is said every safeRetryMs until the output is off, also if it is switched on again meanwhile. */
  #expireIn(delayMs: number): void {
    this.#timers[0] = this.#clock.after(delayMs, () => {
      const dueMs = this.#dueMs;
      this.#over();
      if (dueMs !== undefined && this.#dueMs === dueMs) this.#expireIn(safeRetryMs);
    });
  }

  #remember(): void {
    this.#memory.touch();
    this.#timers[1] = this.#clock.after(memoryWriteMsMin, () => this.#remember());
  }

  #kept() {
    if (this.#dueMs === undefined) return undefined;
    return { left_ms: Math.max(0, Math.round(this.#dueMs - this.#clock.monotonicMs())), wall_ms: this.#clock.wallMs() };
  }
}
