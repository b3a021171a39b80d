/**
 * A bloom filter that forgets: counters instead of bits, allocated once.
 *
 * `mayHave` false is certain. True is a guess that an exact look-up must confirm: with 16 counters per entry and 4
 * probes it is wrong for about one stranger in 400.
 */
export class CountingFilter {
  readonly #counters: Uint8Array;
  readonly #mask: number;

  /** Rounded up to a power of two. */
  constructor(countersMin: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(countersMin, 64)));
    this.#counters = new Uint8Array(size);
    this.#mask = size - 1;
  }

  add(key: string): void {
    for (const place of this.#places(key)) {
      const count = this.#counters[place] ?? 0;
      if (count < 255) this.#counters[place] = count + 1;
    }
  }

  /** Only what was added. A counter that ever reached 255 stays there: its true count is not known. */
  remove(key: string): void {
    for (const place of this.#places(key)) {
      const count = this.#counters[place] ?? 0;
      if (count > 0 && count < 255) this.#counters[place] = count - 1;
    }
  }

  mayHave(key: string): boolean {
    return this.#places(key).every((place) => this.#counters[place] !== 0);
  }

  clear(): void {
    this.#counters.fill(0);
  }

  /** Double hashing: two FNV-1a with different starts make as many probes as wanted. */
  #places(key: string): readonly number[] {
    let first = 0x811c9dc5;
    let step = 0x2f0b4c47;
    for (let index = 0; index < key.length; index += 1) {
      const unit = key.charCodeAt(index);
      first = Math.imul(first ^ unit, 0x01000193);
      step = Math.imul(step ^ unit, 0x01000193);
    }
    const at = (probe: number) => ((first + Math.imul(step | 1, probe)) >>> 7) & this.#mask;
    return [at(0), at(1), at(2), at(3)];
  }
}
