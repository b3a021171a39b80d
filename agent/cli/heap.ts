import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/*
 * V8 takes memory as long as it thinks there is some, and keeps it: the space of young objects grows to 64 MB under load,
 * and objects that outlived it pile up to tens of MB before the first full collection sets a limit. Here at most some
 * 10 MB are alive, so both are held close to that. Measured with 40 000 messages: 17 MB above the first health report
 * instead of 28, most of them compiled code after the first 10 000, then less than 1 MB for each 10 000 more.
 */

/**
 * Bytes of a slab that small Buffers share, instead of 64 KiB. One of them that lives on keeps the whole slab, and mqtt-packet
 * keeps one for each length of a packet that it has seen (up to 16 384 of them, in `varByteIntCache`).
 */
const bufferSlabBytes = 2_048;

/** Before anything is allocated. The space of young objects stays at 2 MB; old ones may grow by 30 % between collections. */
export function boundHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=30');
  Buffer.poolSize = bufferSlabBytes;
}

/** One full collection, some 10 ms: from it on V8 knows how much is alive, and its limit is set by that. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
