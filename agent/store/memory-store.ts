import type { Result } from '../../drivers/contract/result.ts';
import { type ComposeOptions, composeStore } from './compose.ts';
import type { StoreError } from './error.ts';
import { MemoryDisk } from './memory-disk.ts';
import type { Platter } from './platter.ts';
import type { Store } from './store.ts';

/** The store without a disk, a thread or a file: the same code over a platter in memory, on the injected clock. */
export function openMemoryStore(platter: Platter, options: ComposeOptions): Promise<Result<Store, StoreError>> {
  return composeStore(new MemoryDisk(platter, options.clock), options);
}
