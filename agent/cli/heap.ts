import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/*
 * V8 takes memory as long as it thinks there is some, and keeps it: the space of young objects grows to 64 MB under load,
 * and objects that outlived it pile up to tens of MB before the first full collection sets a limit. Here at most some
 * 10 MB are alive, so both are held close to that. Measured over 10 000 hostile messages right
 * after the start: 9 MB more, where it was 20 MB, 3.6 MB of them alive; after 10 000 ordinary ones, none. The price is
 * collections: some 40 % more of the processor for a message in a flood (0.16 to 0.23 ms).
 */

/**
 * Bytes of a slab that small Buffers share, instead of 64 KiB. One of them that lives on keeps the whole slab, and mqtt-packet
 * keeps one for each length of a packet that it has seen (up to 16 384 of them, in `varByteIntCache`).
 */
const bufferSlabBytes = 2_048;

/**
 * When the agent is ready, and not before: code that V8 has cached fits the flags it was compiled with only, so modules of
 * Node.js that are loaded later are compiled anew, and starting takes longer. The space of young objects stays at 2 MB; old ones may grow by 30 % between collections,
 * but by 2 MB at least: without the third flag the least is 8.
 */
export function boundHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=30');
  setFlagsFromString('--optimize-for-size');
  Buffer.poolSize = bufferSlabBytes;
}

/** One full collection, some 10 ms: from it on V8 knows how much is alive, and its limit is set by that. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
