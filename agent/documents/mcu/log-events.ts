import { mcuLogsBurstMax, mcuLogsPerS } from '../../../firmware-bridge/limits.ts';
import type { Clock } from '../../clock.ts';
import type { Value } from '../../qn/message.ts';

const levels = ['debug', 'info', 'warning', 'error'] as const;

/** LOG frames as events, and no more of them than a broker and a disk should have to take: the rest is counted. */
export class LogEvents {
  readonly #clock: Clock;
  readonly #happened: (value: Value) => void;
  #allowance = mcuLogsBurstMax;
  #atMs: number;
  droppedCount = 0;

  constructor(clock: Clock, happened: (value: Value) => void) {
    this.#clock = clock;
    this.#happened = happened;
    this.#atMs = clock.monotonicMs();
  }

  tell(level: number, text: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#allowance = Math.min(mcuLogsBurstMax, this.#allowance + ((nowMs - this.#atMs) * mcuLogsPerS) / 1_000);
    this.#atMs = nowMs;
    if (this.#allowance < 1) {
      this.droppedCount += 1;
      return;
    }
    this.#allowance -= 1;
    this.#happened({ log: { level: levels[level] ?? 'error', text } });
  }
}
