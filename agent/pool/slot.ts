import type { SlotHolder } from '../limits.ts';

/**
 * One fixed piece of the pool, lent to one holder at a time. The object lives as long as the pool and is lent again:
 * after release nobody may touch it. What can be noticed of such misuse is an assertion error.
 */
export interface Slot {
  /** The whole capacity. Bytes behind `length` are left over from whoever had the slot before. */
  readonly payload: Uint8Array;
  /** Bytes in use; 0 after `acquire`. */
  readonly length: number;
  /** Who holds it; undefined while it is free. */
  readonly holder: SlotHolder | undefined;
  /** Counts how often the slot was lent, modulo 65 536. */
  readonly generation: number;
  /** The used part, as a view: valid until release. */
  bytes(): Uint8Array;
  /** 0 to the capacity. */
  setLength(length: number): void;
}
