/** Messages that were carried out and whose twin is still to come, each for a while. When full: the oldest is forgotten. */
export class Twins {
  readonly #countMax: number;
  /** Until when, by what was in the message; as many as came alike. */
  readonly #untilMs = new Map<string, number[]>();
  #count = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  add(key: string, untilMs: number): void {
    if (this.#count >= this.#countMax) this.#forgetOldest();
    const times = this.#untilMs.get(key);
    if (times === undefined) this.#untilMs.set(key, [untilMs]);
    else times.push(untilMs);
    this.#count += 1;
  }

  /** Whether there was one; it is gone then. */
  take(key: string, nowMs: number): boolean {
    for (let untilMs = this.#shift(key); untilMs !== undefined; untilMs = this.#shift(key)) {
      if (untilMs >= nowMs) return true;
    }
    return false;
  }

  clear(): void {
    this.#untilMs.clear();
    this.#count = 0;
  }

  #forgetOldest(): void {
    const [key] = this.#untilMs.keys();
    if (key !== undefined) this.#shift(key);
  }

  #shift(key: string): number | undefined {
    const times = this.#untilMs.get(key);
    const first = times?.shift();
    if (first !== undefined) this.#count -= 1;
    if (times?.length === 0) this.#untilMs.delete(key);
    return first;
  }
}
