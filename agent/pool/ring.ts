import { assert } from '../assert.ts';

/** What a full ring does with one more item: `refuse` turns it away, `drop-oldest` makes room for it. */
export type RingPolicy = 'refuse' | 'drop-oldest';

/**
 * A queue with a bound.
 *
 *        #first        #first + #count        (both modulo capacity)
 *          v                 v
 *   +----+----+----+----+----+----+
 *   |    | a  | b  | c  |    |    |   shift takes a, push writes behind c
 *   +----+----+----+----+----+----+
 */
export class Ring<Item, Policy extends RingPolicy = RingPolicy> {
  readonly capacity: number;
  readonly policy: Policy;
  readonly #items: (Item | undefined)[];
  #first = 0;
  #count = 0;
  #lost = 0;
  #highWater = 0;

  constructor(capacity: number, policy: Policy) {
    assert(Number.isInteger(capacity) && capacity > 0, `a ring of ${capacity}`);
    this.capacity = capacity;
    this.policy = policy;
    this.#items = Array.from({ length: capacity });
  }

  get count(): number {
    return this.#count;
  }

  /** Items that found no place: refused or dropped, by the policy. */
  get lost(): number {
    return this.#lost;
  }

  get highWater(): number {
    return this.#highWater;
  }

  /**
   * The item that has no place: the pushed one under `refuse`, the oldest under `drop-oldest`; undefined while there is
   * room. It is the caller's again, with whatever it holds.
   */
  push(item: Item): Item | undefined {
    const isFull = this.#count === this.capacity;
    if (isFull) this.#lost += 1;
    if (isFull && this.policy === 'refuse') return item;
    const dropped = isFull ? this.shift() : undefined;
    this.#items[(this.#first + this.#count) % this.capacity] = item;
    this.#count += 1;
    this.#highWater = Math.max(this.#highWater, this.#count);
    return dropped;
  }

  /** The oldest, taken out; undefined when the ring is empty. */
  shift(): Item | undefined {
    if (this.#count === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined; // or the ring would keep it alive
    this.#first = (this.#first + 1) % this.capacity;
    this.#count -= 1;
    return item;
  }

  /** The oldest, left where it is. */
  peek(): Item | undefined {
    return this.#items[this.#first];
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<Item, void> {
    for (let place = 0; place < this.#count; place += 1) {
      const item = this.#items[(this.#first + place) % this.capacity];
      if (item !== undefined) yield item;
    }
  }
}
