interface Twin {
  readonly topic: string;
  readonly content: string;
  readonly untilMs: number;
}

/** Messages that were carried out and whose twin is still to come, each for a while. When full: the oldest is forgotten. */
export class Twins {
  readonly #countMax: number;
  readonly #twins: Twin[] = []; // Oldest first; few, so they are searched one by one.

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  add(topic: string, content: string, untilMs: number): void {
    if (this.#twins.length >= this.#countMax) this.#twins.shift();
    this.#twins.push({ topic, content, untilMs });
  }

  /** Whether there was one; it is gone then. */
  take(topic: string, content: string, nowMs: number): boolean {
    const index = this.#twins.findIndex(
      (twin) => twin.untilMs >= nowMs && twin.topic === topic && twin.content === content,
    );
    if (index >= 0) this.#twins.splice(index, 1);
    return index >= 0;
  }

  /** Whether any of that topic is still to come. */
  has(topic: string, nowMs: number): boolean {
    return this.#twins.some((twin) => twin.untilMs >= nowMs && twin.topic === topic);
  }

  clear(): void {
    this.#twins.length = 0;
  }
}
