import type { Worker } from 'node:worker_threads';
import type { Result } from '../../drivers/contract/result.ts';
import { composeStore } from './compose.ts';
import type { StoreError } from './error.ts';
import { storeLimits } from './limits.ts';
import type { Store, StoreOptions } from './store.ts';
import type { ThreadProgram } from './store-program.ts';
import { ThreadDisk } from './thread-disk.ts';

/**
 * Starts the store thread and opens the database in `folder`. Resolves when it was read, or when the disk is found to be
 * in trouble or takes longer than `openMsMax`: then `state` says so and the store tries again by itself, because an agent without a journal can still
 * drive pins. Fails only with `newer` (the schema).
 *
 * `program` begins with `if (isStoreThread()) runStoreThread()`: the agent's own, or is that thread alone;
 * `spare` is one that runs already.
 */
export async function openStore(
  options: StoreOptions & { readonly program: ThreadProgram; readonly spare?: Worker },
): Promise<Result<Store, StoreError>> {
  const { folder, program, spare, log, onTrouble, ...rest } = options;
  const disk = new ThreadDisk(rest.clock, program, folder, { ...storeLimits, ...rest.limits }, spare);
  return composeStore(disk, {
    ...rest,
    onTrouble(trouble) {
      const { kind, detail, fix } = trouble;
      if (kind === 'working') log.info({ store: disk.resource }, 'the store works again');
      else log.error({ store: disk.resource, kind, detail, fix }, 'the store is in trouble');
      onTrouble(trouble);
    },
  });
}
