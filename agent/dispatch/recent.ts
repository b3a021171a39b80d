import type { Notify } from '../qn/message.ts';
import type { Reason, Status } from '../qn/reason.ts';

export interface Outcome {
  readonly status: Status;
  readonly reason?: Reason;
}

const none = -1;

/**
 * The last commands by (source, id), so that a second delivery is not a second effect. A fixed window in memory: when it
 * is full the oldest is forgotten, and a restart forgets all. The same id may come to several documents through a group;
 * each has its own effect. Remembering allocates nothing: a plain command (one without a source and with a small id) is
 * known by numbers.
 *
 *   #heads   [ ]──▶ place ──▶ place      by the low bits of the id, through #after
 *   places   [0][1][2][3] … [n−1]        a ring: #next is the oldest, and the one that is used next
 */
export class RecentCommands {
  readonly #heads: Int32Array;
  readonly #after: Int32Array;
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #sources: string[];
  readonly #documents: string[];
  /** Undefined: nobody is in this place. */
  readonly #outcomes: (Outcome | 'under-way' | undefined)[];
  #next = 0;

  constructor(countMax: number) {
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(2 * countMax))).fill(none);
    this.#after = new Int32Array(countMax).fill(none);
    this.#low = new Uint32Array(countMax);
    this.#high = new Uint32Array(countMax);
    this.#sources = Array.from({ length: countMax }, () => '');
    this.#documents = Array.from({ length: countMax }, () => '');
    this.#outcomes = Array.from({ length: countMax }, () => undefined);
  }

  /** undefined: never seen, and remembered from now on. Commands without an id of their own are never the same. */
  begin(document: string, { id, src = '' }: Notify): Outcome | 'under-way' | undefined {
    if (id === undefined) return undefined;
    const known = this.#find(document, src, highOf(id), lowOf(id));
    if (known !== none) return this.#outcomes[known];
    this.#add(document, src, highOf(id), lowOf(id));
    return undefined;
  }

  has(document: string, { id, src = '' }: Notify): boolean {
    return id !== undefined && this.#find(document, src, highOf(id), lowOf(id)) !== none;
  }

  end(document: string, { id, src = '' }: Notify, outcome: Outcome): void {
    const place = id === undefined ? none : this.#find(document, src, highOf(id), lowOf(id));
    if (place !== none) this.#outcomes[place] = outcome;
  }

  /** It had no effect: the same id may be tried again. */
  forget(document: string, { id, src = '' }: Notify): void {
    const place = id === undefined ? none : this.#find(document, src, highOf(id), lowOf(id));
    if (place !== none) this.#leave(place);
  }

  /** Of a command without a source, whose id has 32 bits. */
  hasPlain(document: string, id: number): boolean {
    return this.#find(document, '', 0, id) !== none;
  }

  /** The caller asked `hasPlain` before. */
  beginPlain(document: string, id: number): void {
    this.#add(document, '', 0, id);
  }

  endPlain(document: string, id: number, outcome: Outcome): void {
    const place = this.#find(document, '', 0, id);
    if (place !== none) this.#outcomes[place] = outcome;
  }

  #find(document: string, source: string, high: number, low: number): number {
    let place = this.#heads[this.#chainOf(low)] ?? none;
    while (place !== none) {
      const isSame = this.#low[place] === low && this.#high[place] === high;
      if (isSame && this.#documents[place] === document && this.#sources[place] === source) return place;
      place = this.#after[place] ?? none;
    }
    return none;
  }

  #add(document: string, source: string, high: number, low: number): void {
    const place = this.#next;
    const chain = this.#chainOf(low);
    this.#next = (place + 1) % this.#after.length;
    if (this.#outcomes[place] !== undefined) this.#leave(place); // The oldest is forgotten.
    this.#low[place] = low;
    this.#high[place] = high;
    this.#documents[place] = document;
    this.#sources[place] = source;
    this.#outcomes[place] = 'under-way';
    this.#after[place] = this.#heads[chain] ?? none;
    this.#heads[chain] = place;
  }

  #leave(place: number): void {
    const chain = this.#chainOf(this.#low[place] ?? 0);
    const behind = this.#after[place] ?? none;
    let before = this.#heads[chain] ?? none;
    if (before === place) this.#heads[chain] = behind;
    while (before !== none && before !== place) {
      const next = this.#after[before] ?? none;
      if (next === place) this.#after[before] = behind;
      before = next;
    }
    this.#outcomes[place] = undefined;
    this.#sources[place] = '';
  }

  #chainOf(low: number): number {
    return low & (this.#heads.length - 1);
  }
}

function lowOf(id: bigint): number {
  return Number(id & 0xffff_ffffn);
}

function highOf(id: bigint): number {
  return Number(id >> 32n);
}
