import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../agent/clock.ts';
import { composeStore } from '../../agent/store/compose.ts';
import type { Disk } from '../../agent/store/disk.ts';
import { type StoreError } from '../../agent/store/error.ts';
import { type StoreLimits, storeLimits } from '../../agent/store/limits.ts';
import { MemoryDisk } from '../../agent/store/memory-disk.ts';
import { Platter } from '../../agent/store/platter.ts';
import type { Store, StoreTrouble } from '../../agent/store/store.ts';
import { ThreadDisk } from '../../agent/store/thread-disk.ts';
import type { Result } from '../../drivers/contract/result.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

/** A program that is the store thread. */
export const storeProgram: string = fileURLToPath(new URL('store-thread.ts', import.meta.url));

/** One disk, and one store after the other on it. */
export interface StoreRig extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly told: StoreTrouble[];
  /** The store before it must have been disposed of or crashed. */
  open(limits?: Partial<StoreLimits>): Promise<Store>;
  /**
   * The store that is open dies: what it did not write is lost, and it answers nothing any more. What it is just writing
   * may be there: in memory, when `isKept`.
   */
  crash(isKept?: boolean): Promise<void>;
}

export interface MemoryRig extends StoreRig {
  readonly platter: Platter;
}

export interface FileRig extends StoreRig {
  readonly folder: string;
}

/** A value of the store; the error in full where there is none. */
export function stored<Value>(result: Result<Value, StoreError>): Value {
  if (result.ok) return result.value;
  const { kind, operation, resource, detail } = result.error;
  throw new Error(`${kind}: ${operation} ${resource}: ${detail}`);
}

export function openMemoryRig(): MemoryRig {
  const platter = new Platter();
  const rig = openRig({
    openDisk: (clock) => new MemoryDisk(platter, clock),
    crash: (_, isKept) => Promise.resolve(platter.crash(isKept ? 'kept' : 'lost')),
    clear: () => undefined,
  });
  return { ...rig, platter };
}

/** In a folder of its own, or in `parent`. */
export function openFileRig(parent: string = tmpdir()): FileRig {
  const folder = mkdtempSync(path.join(parent, 'store-'));
  const rig = openRig({
    openDisk: (_, limits) => new ThreadDisk(systemClock, storeProgram, folder, { ...storeLimits, ...limits }),
    crash: (disk) => disk.kill(),
    clear: () => rmSync(folder, { recursive: true, force: true }),
  });
  return { ...rig, folder };
}

interface RigParts {
  openDisk(clock: FakeClock, limits: Partial<StoreLimits>): Disk;
  crash(disk: Disk, isKept: boolean): Promise<void>;
  clear(): void;
}

function openRig({ openDisk, crash, clear }: RigParts): StoreRig {
  const clock = createFakeClock();
  const told: StoreTrouble[] = [];
  let current: { readonly store: Store; readonly disk: Disk } | undefined;
  return {
    clock,
    told,
    async open(limits = {}) {
      const disk = openDisk(clock, limits);
      const store = stored(
        await composeStore(disk, { clock, limits, onTrouble: (trouble) => void told.push(trouble) }),
      );
      current = { store, disk };
      return store;
    },
    async crash(isKept = false) {
      if (current === undefined) throw new Error('no store is open');
      await crash(current.disk, isKept);
      await current.disk.kill();
      current = undefined;
    },
    async [Symbol.asyncDispose]() {
      await current?.store[Symbol.asyncDispose]();
      clear();
    },
  };
}
