import type { Clock } from '../clock.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { memoryWriteMsMin, safeRetryMs } from '../limits.ts';
import type { DocumentSurroundings } from './kind.ts';

type LimitSurroundings = Pick<DocumentSurroundings, 'clock' | 'memory' | 'guard'>;

/**
 * The longest time an output is on at a stretch. What is left of it survives a restart, so that an agent that is started
 * again and again does not leave a heater on for ever; and the guard knows of it, for as long as no agent is there.
 *
 * Not promised: more than the wall clock knows. While the agent is down and the clock was not set, no time passes.
 */
export class OnLimit implements Disposable {
  readonly #clock: Clock;
  readonly #memory: LimitSurroundings['memory'];
  readonly #guard: LimitSurroundings['guard'];
  readonly #limitMs: number;
  readonly #over: () => void;
  #dueMs: number | undefined;
  #timers: Disposable[] = []; // At most two: the limit, and the next time to remember what is left.

  constructor({ clock, memory, guard }: LimitSurroundings, limitMs: number, over: () => void) {
    this.#clock = clock;
    this.#memory = memory;
    this.#guard = guard;
    this.#limitMs = limitMs;
    this.#over = over;
    memory.keep(() => this.#kept());
    guard?.limited(undefined); // Of an output that was closed while it was on.
  }

  /** How long the output may stay on that was found on; 0: its time is over. */
  leftOfBefore(): number {
    return limitLeft(this.#memory.recall(), this.#limitMs, this.#clock.wallMs());
  }

  /** The output is on. While it is, a second call changes nothing. */
  start(leftMs: number = this.#limitMs): void {
    if (this.#dueMs !== undefined) return;
    this.#dueMs = this.#clock.monotonicMs() + leftMs;
    this.#guard?.limited(leftMs);
    this.#expireIn(leftMs);
    this.#remember();
  }

  /** The output is off. */
  stop(): void {
    if (this.#dueMs === undefined) return;
    this.#dueMs = undefined;
    this.#guard?.limited(undefined);
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
    return keptLimit(this.#dueMs - this.#clock.monotonicMs(), this.#clock.wallMs());
  }
}

/** For an output that has no limit any more: should it have one again, what was left of the last one counts no longer. */
export function forgetLimit({ memory }: Pick<LimitSurroundings, 'memory'>): undefined {
  if (memory.recall() === undefined) return;
  memory.keep(() => undefined);
  memory.touch();
}

/** As it is remembered. */
export function keptLimit(leftMs: number, wallMs: number) {
  return { left_ms: Math.max(0, Math.round(leftMs)), wall_ms: wallMs };
}

/** What is left of a limit of which this was remembered; where that is nothing, all of it. */
export function limitLeft(kept: unknown, limitMs: number, nowWallMs: number): number {
  if (!isPlainMap(kept)) return limitMs;
  const { left_ms: leftMs, wall_ms: wallMs } = kept;
  if (typeof leftMs !== 'number' || typeof wallMs !== 'number') return limitMs;
  return Math.min(limitMs, Math.max(0, leftMs - Math.max(0, nowWallMs - wallMs)));
}
