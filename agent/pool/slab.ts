import { assert, failAssertion } from '../assert.ts';
import { poolSlots, type SlabLimits, type SlotHolder, slotOverheadBytes } from '../limits.ts';
import { headerBytes, PoolSlot, slotHolders, tailBytes } from './pool-slot.ts';

interface HolderStats {
  readonly used: number;
  readonly quota: number;
  readonly highWater: number;
  /** Times a slot was asked for while the quota was used up. */
  readonly refused: number;
}

export interface SlabStats {
  readonly payloadBytes: number;
  readonly slots: number;
  readonly used: number;
  readonly holders: { readonly [Holder in SlotHolder]: HolderStats };
}

/** Of one holder, since somebody asked the last time. */
export interface HolderPeak {
  readonly peak: number;
  readonly quota: number;
  readonly refused: number;
}

interface Count {
  used: number;
  highWater: number;
  refused: number;
  /** Since the peak was taken the last time. */
  peak: number;
  refusedBefore: number;
}

type Counts = { [Holder in SlotHolder]: Count };

/**
 * Equal slots in one piece of memory.
 *
 *   +--------+--------+--------+-- … --+----------+
 *   | slot 0 | slot 1 | slot 2 |       | slot n−1 |   n = sum of the quotas; a slot is drawn in pool-slot.ts
 *   +--------+--------+--------+-- … --+----------+
 *
 * The quotas sum up to the slots, so whoever is within its own always finds one.
 */
export class Slab {
  readonly limits: SlabLimits;
  readonly memory: Uint8Array;
  readonly slots: readonly PoolSlot[];
  readonly #counts: Counts;
  /** Indexes of free slots; the first `#freeCount` are meant. Last in, first out: a warm slot is lent again. */
  readonly #free: Uint32Array;
  #freeCount: number;

  constructor(name: string, limits: SlabLimits) {
    assert(headerBytes + tailBytes === slotOverheadBytes);
    const slotBytes = limits.payloadBytes + slotOverheadBytes;
    const slotsCount = poolSlots(limits.quota);
    const memory = new Uint8Array(slotsCount * slotBytes);
    this.limits = limits;
    this.memory = memory;
    this.slots = Array.from({ length: slotsCount }, (_, index) => {
      return new PoolSlot(name, index, memory.subarray(index * slotBytes, (index + 1) * slotBytes));
    });
    this.#counts = { inbound: zero(), executing: zero(), outbox: zero(), framer: zero() };
    this.#free = Uint32Array.from({ length: slotsCount }, (_, index) => slotsCount - 1 - index);
    this.#freeCount = slotsCount;
  }

  hasRoom(holder: SlotHolder): boolean {
    return this.roomCount(holder) > 0;
  }

  roomCount(holder: SlotHolder): number {
    return this.limits.quota[holder] - this.#counts[holder].used;
  }

  /** The caller asked `hasRoom` before. */
  lend(holder: SlotHolder): PoolSlot {
    this.#freeCount -= 1;
    const slot = this.slots[this.#free[this.#freeCount] ?? -1];
    if (slot === undefined || !this.hasRoom(holder)) failAssertion(`the quota of ${holder} is used up`);
    slot.lend(holder);
    this.#enter(holder);
    return slot;
  }

  pass(slot: PoolSlot, holder: SlotHolder): void {
    slot.assertHeld('passed on');
    this.#leave(slot);
    slot.pass(holder);
    this.#enter(holder);
  }

  takeBack(slot: PoolSlot): void {
    slot.assertHeld('released');
    this.#leave(slot);
    slot.takeBack();
    this.#free[this.#freeCount] = slot.index;
    this.#freeCount += 1;
  }

  refuse(holder: SlotHolder): void {
    this.#counts[holder].refused += 1;
  }

  /** Begins the next one. */
  takePeak(holder: SlotHolder): HolderPeak {
    const count = this.#counts[holder];
    const taken = { peak: count.peak, quota: this.limits.quota[holder], refused: count.refused - count.refusedBefore };
    count.peak = count.used;
    count.refusedBefore = count.refused;
    return taken;
  }

  stats(): SlabStats {
    const { payloadBytes, quota } = this.limits;
    const of = (holder: SlotHolder): HolderStats => {
      const { used, highWater, refused } = this.#counts[holder];
      return { used, highWater, refused, quota: quota[holder] };
    };
    const holders = { inbound: of('inbound'), executing: of('executing'), outbox: of('outbox'), framer: of('framer') };
    const used = slotHolders.reduce((sum, holder) => sum + holders[holder].used, 0);
    return { payloadBytes, slots: this.slots.length, used, holders };
  }

  #enter(holder: SlotHolder): void {
    const count = this.#counts[holder];
    count.used += 1;
    count.highWater = Math.max(count.highWater, count.used);
    count.peak = Math.max(count.peak, count.used);
  }

  #leave({ holder }: PoolSlot): void {
    if (holder !== undefined) this.#counts[holder].used -= 1;
  }
}

function zero() {
  return { used: 0, highWater: 0, refused: 0, peak: 0, refusedBefore: 0 };
}
