import type { Clock } from '../clock.ts';
import { logBurstCount, logKeysMax, logQuietMs } from '../limits.ts';
import type { LogLevel } from '../log.ts';

interface Repeated {
  count: number;
  leftOutCount: number;
  lastMs: number;
}

/**
 * Which of many equal lines are written: the first logBurstCount, then each time their number has doubled. After
 * logQuietMs of silence it begins anew. Errors are always written.
 */
export class LogSampling {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #lines = new Map<string, Repeated>(); // At most logKeysMax; over it: forget them all, and write more.

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** How many of its kind were left out since the last one that was written; undefined: leave this one out. */
  take(level: LogLevel, message: string): number | undefined {
    if (level === 'error') return 0;
    const nowMs = this.#clock.monotonicMs();
    const line = this.#lineOf(`${level} ${message}`, nowMs);
    line.count += 1;
    line.lastMs = nowMs;
    if (line.count > logBurstCount && !Number.isInteger(Math.log2(line.count / logBurstCount))) {
      line.leftOutCount += 1;
      return undefined;
    }
    const { leftOutCount } = line;
    line.leftOutCount = 0;
    return leftOutCount;
  }

  #lineOf(key: string, nowMs: number): Repeated {
    const known = this.#lines.get(key);
    if (known !== undefined && nowMs - known.lastMs <= logQuietMs) return known;
    if (known === undefined && this.#lines.size >= logKeysMax) this.#lines.clear();
    // What was left out before the silence is told with the first line after it.
    const line = { count: 0, leftOutCount: known?.leftOutCount ?? 0, lastMs: nowMs };
    this.#lines.set(key, line);
    return line;
  }
}
