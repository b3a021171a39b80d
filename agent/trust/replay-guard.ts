import { replayCountMax } from './limits.ts';

/** Remembers which commands were let through, each until its token expires by itself. */
export class ReplayGuard {
  readonly #untilMs = new Map<string, number>();
  readonly #countMax: number;

  constructor(countMax = replayCountMax) {
    this.#countMax = countMax;
  }

  /** `first` has entered it. `full`: nothing can be said about another one until the oldest are over. */
  enter(key: string, untilMs: number, nowMs: number): 'first' | 'again' | 'full' {
    const known = this.#untilMs.get(key);
    if (known !== undefined && known >= nowMs) return 'again';
    if (this.#untilMs.size >= this.#countMax) this.#forgetExpired(nowMs);
    if (this.#untilMs.size >= this.#countMax) return 'full';
    this.#untilMs.set(key, untilMs);
    return 'first';
  }

  #forgetExpired(nowMs: number): void {
    for (const [key, untilMs] of this.#untilMs) if (untilMs < nowMs) this.#untilMs.delete(key);
  }
}
