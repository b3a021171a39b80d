import { runInNewContext } from 'node:vm';
import { v8 } from '../late-modules.ts';

/*
 * V8 takes memory as long as it thinks there is some, and keeps it: the space of young objects grows to 64 MB under load,
 * and objects that outlived it pile up to tens of MB before the first full collection sets a limit. Here at most some
 * 14 MB are alive, so both are held close to that.
 *
 * Its memory reducer, and `--optimize-for-size` with which old objects may grow by 2 MB only instead of 8, are not used:
 * each full collection is one that squeezes then. In a flood of 10 000 commands a second one of those stops everything for
 * 8 to 23 ms, four times in 20 s, where the ordinary kind takes 3 ms, and an emergency stop waits for it. It costs 6 MB
 * (102 MB where it was 96 after half a million commands), and less of the processor.
 */

/** Bytes of a slab that small Buffers share, instead of 64 KiB: one of them that lives on keeps the whole slab. */
const bufferSlabBytes = 2_048;

/**
 * When the agent is ready, and not before: code that V8 has cached only fits the flags it was compiled with, so modules of
 * Node.js that are loaded later are compiled anew, and starting takes longer. The space of young objects stays as large as it
 * is then (4 MB from the start, by the unit file); old ones may grow by 30 % between collections, by 8 MB at least.
 *
 * Without the middle one of its compilers 12 MB less are resident, and a command takes as much of the processor. Every two
 * minutes V8 makes the heap small; done with all its might that forgets what objects look like that are not there at the
 * moment, and then a hundred functions that count on it are compiled anew. `--sparkplug` is for the single executable, which
 * starts without.
 */
export function boundHeap(): void {
  const { setFlagsFromString } = v8();
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=30');
  setFlagsFromString('--no-memory-reducer');
  setFlagsFromString('--no-maglev');
  setFlagsFromString('--sparkplug');
  setFlagsFromString('--no-memory-reducer-favors-memory');
  Buffer.poolSize = bufferSlabBytes;
}

/** One full collection, some 10 ms: from it on V8 knows how much is alive, and its limit is set by that. */
export function collectGarbage(): void {
  v8().setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
