import { assert, failAssertion } from '../assert.ts';
import type { PoolLimits, SlotHolder } from '../limits.ts';
import { poolBytes } from '../limits.ts';
import { type MarchFault, marchTest } from './march.ts';
import { slotHolders } from './pool-slot.ts';
import { type HolderPeak, Slab, type SlabStats } from './slab.ts';
import type { Slot } from './slot.ts';

export interface PoolStats {
  readonly bytesTotal: number;
  readonly payloadBytesMax: number;
  /** Times more bytes were asked for than any slot has. */
  readonly tooLarge: number;
  readonly small: SlabStats;
  readonly large: SlabStats;
}

export type PoolPeaks = { readonly [Holder in SlotHolder]: HolderLoad };

/** Peak and quota over both sizes. `refused`: a slot of either size would have done. */
export interface HolderLoad extends HolderPeak {
  /** Only a large one would have done. */
  readonly refusedLarge: number;
}

export interface SlotFault extends MarchFault {
  /** `small slot 3` */
  readonly slot: string;
}

/**
 * Memory for every message the agent holds, allocated once. Its life: open (allocated, may be tested) → sealed (slots
 * are lent) → closing (slots only come back). Lending and releasing allocate nothing. Using it in the wrong stage, a
 * second release, a foreign slot and damaged bookkeeping are assertion errors.
 */
export interface Pool {
  /** The largest message this pool can hold. */
  readonly payloadBytesMax: number;
  /**
   * A slot of the smallest size that fits; a large one when the holder's small ones are used up. Undefined, and counted,
   * when its quota is used up, or when nothing is large enough. Policy when full: refuse. `spareCount` slots of the quota,
   * over both sizes, are left for somebody else.
   */
  acquire(holder: SlotHolder, byteLength: number, spareCount?: number): Slot | undefined;
  /** Moves the slot, content and all, into the quota of another holder; false and unchanged when that is used up. */
  transfer(slot: Slot, holder: SlotHolder): boolean;
  release(slot: Slot): void;
  seal(): void;
  /** Throws with the leaks by holder while any slot is held; the pool is closing even so, and may be closed again. */
  close(): void;
  /** Faults in the bookkeeping of any slot, held or free; empty when all is sound. */
  check(): readonly string[];
  /** Memory test of every free slot, one fault each at most; see march.ts. Blocks for tens of ms. */
  marchTest(): readonly SlotFault[];
  stats(): PoolStats;
  /** The most each holder had since the last call, over both sizes, and how often it was refused. One reader only. */
  takePeaks(): PoolPeaks;
}

export function createPool(limits: PoolLimits): Pool {
  const small = new Slab('small', limits.small);
  const large = new Slab('large', limits.large);
  const payloadBytesMax = Math.max(limits.small.payloadBytes, limits.large.payloadBytes);
  const allSlots = [...small.slots, ...large.slots];
  const home = new Map<Slot, { readonly slab: Slab; readonly slot: (typeof allSlots)[number] }>();
  for (const slab of [small, large]) for (const slot of slab.slots) home.set(slot, { slab, slot });
  let stage: 'open' | 'sealed' | 'closing' = 'open';
  let tooLarge = 0;

  const homeOf = (slot: Slot) => {
    const found = home.get(slot);
    assert(found !== undefined, 'the slot is of another pool');
    return found;
  };

  return {
    payloadBytesMax,
    acquire(holder, byteLength, spareCount = 0) {
      // The texts are made only when they are needed: this is in the way of every message.
      if (stage !== 'sealed') failAssertion(`slots are lent by a sealed pool only; this one is ${stage}`);
      if (!Number.isInteger(byteLength) || byteLength < 0) failAssertion(`a slot for ${byteLength} bytes`);
      if (byteLength > payloadBytesMax) {
        tooLarge += 1;
        return undefined;
      }
      const fitsSmall = byteLength <= limits.small.payloadBytes;
      const isFull = small.roomCount(holder) + large.roomCount(holder) <= spareCount;
      if (!isFull && fitsSmall && small.hasRoom(holder)) return small.lend(holder);
      if (!isFull && large.hasRoom(holder)) return large.lend(holder);
      (fitsSmall ? small : large).refuse(holder);
      return undefined;
    },
    transfer(slot, holder) {
      const { slab, slot: own } = homeOf(slot);
      own.assertHeld('passed on');
      if (own.holder === holder) return true;
      if (!slab.hasRoom(holder)) {
        slab.refuse(holder);
        return false;
      }
      slab.pass(own, holder);
      return true;
    },
    release(slot) {
      const { slab, slot: own } = homeOf(slot);
      slab.takeBack(own);
    },
    seal() {
      assert(stage === 'open', `an open pool can be sealed; this one is ${stage}`);
      stage = 'sealed';
    },
    close() {
      stage = 'closing';
      const leaks = leaksOf(small.stats(), large.stats());
      assert(leaks.length === 0, `slots were not released: ${leaks.join(', ')}`);
    },
    check: () => allSlots.map((slot) => slot.fault()).filter((fault) => fault !== undefined),
    marchTest() {
      const faults: SlotFault[] = [];
      for (const slot of allSlots) {
        const fault = slot.isHeld ? undefined : marchTest(slot.payload);
        if (fault !== undefined) faults.push({ slot: slot.name, ...fault });
      }
      return faults;
    },
    stats() {
      return { bytesTotal: poolBytes(limits), payloadBytesMax, tooLarge, small: small.stats(), large: large.stats() };
    },
    takePeaks() {
      const of = (holder: SlotHolder) => loadOf(small.takePeak(holder), large.takePeak(holder));
      return { inbound: of('inbound'), executing: of('executing'), outbox: of('outbox'), framer: of('framer') };
    },
  };
}

function leaksOf(small: SlabStats, large: SlabStats): readonly string[] {
  return slotHolders.flatMap((holder) => {
    const used = small.holders[holder].used + large.holders[holder].used;
    return used === 0 ? [] : [`${holder} holds ${used}`];
  });
}

function loadOf(small: HolderPeak, large: HolderPeak): HolderLoad {
  const [peak, quota] = [small.peak + large.peak, small.quota + large.quota];
  return { peak, quota, refused: small.refused, refusedLarge: large.refused };
}
