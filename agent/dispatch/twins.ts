/** What tells one command from another on both connections. */
export interface Twin {
  readonly topic: string;
  /** Topic, QoS and retain flag: those that are alike in this overtake one another on no connection. */
  readonly order: string;
  readonly content: string;
}

interface Noted {
  readonly twin: Twin;
  untilMs: number;
}

/** Messages that were carried out and whose twin is still to come, each for a while. When full: the oldest is forgotten. */
export class Twins {
  readonly #countMax: number;
  readonly #noted: Noted[] = []; // Oldest first; few, so they are searched one by one.

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** False when another one was forgotten for it. */
  add(twin: Twin, untilMs: number): boolean {
    const isFull = this.#noted.length >= this.#countMax;
    if (isFull) this.#noted.shift();
    this.#noted.push({ twin, untilMs });
    return !isFull;
  }

  /** Whether there was one; it is gone then, with the older ones of its order: they are lost. */
  take(twin: Twin, nowMs: number): boolean {
    const index = this.#noted.findIndex(
      ({ twin: other, untilMs }) => untilMs >= nowMs && other.order === twin.order && other.content === twin.content,
    );
    this.#dropUpTo(index, twin.order);
    return index >= 0;
  }

  /** All of this order. */
  drop({ order }: Twin): void {
    this.#dropUpTo(this.#noted.length - 1, order);
  }

  /** Whether any of that topic is still to come. */
  has(topic: string, nowMs: number): boolean {
    return this.#noted.some(({ twin, untilMs }) => untilMs >= nowMs && twin.topic === topic);
  }

  /** The same of its order. */
  hasOrder({ order }: Twin, nowMs: number): boolean {
    return this.#noted.some(({ twin, untilMs }) => untilMs >= nowMs && twin.order === order);
  }

  /** None is waited for any longer than that, or none of this order. */
  cut(untilMs: number, order?: string): void {
    for (const noted of this.#noted)
      if (order === undefined || noted.twin.order === order) noted.untilMs = Math.min(noted.untilMs, untilMs);
  }

  clear(): void {
    this.#noted.length = 0;
  }

  #dropUpTo(index: number, order: string): void {
    for (let at = index; at >= 0; at -= 1) {
      if (this.#noted[at]?.twin.order === order) this.#noted.splice(at, 1);
    }
  }
}
