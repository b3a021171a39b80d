import { ok, type Result } from '../../drivers/contract/result.ts';
import { CommitQueue, closedError } from './commit-queue.ts';
import type { Disk } from './disk.ts';
import type { StoreError } from './error.ts';
import { QueuedJournal } from './journal.ts';
import { Keeper } from './keeper.ts';
import { storeLimits } from './limits.ts';
import { QueuedValues } from './queued-values.ts';
import type { Store, StoreOptions } from './store.ts';
import { QueuedOutbox } from './stored-outbox.ts';

export type ComposeOptions = Omit<StoreOptions, 'folder' | 'log'>;

/** A store over a disk, opened as far as the disk allows; it owns the disk from here on, also when it fails. */
export async function composeStore(disk: Disk, options: ComposeOptions): Promise<Result<Store, StoreError>> {
  const { clock, onTrouble } = options;
  const limits = { ...storeLimits, ...options.limits };
  const queue = new CommitQueue(disk, clock, limits, {
    failed: (error) => keeper.fail(error),
    succeeded: () => keeper.settle(),
  });
  const journal = new QueuedJournal(queue, clock, limits);
  const outbox = new QueuedOutbox(disk, queue, limits);
  const values = new QueuedValues(queue, clock, limits);
  const keeper = new Keeper(queue, { disk, clock, limits, onTrouble, rooms: [journal, outbox, values] });

  async function flush(): Promise<void> {
    const late = Promise.withResolvers<'late'>();
    using _timer = clock.after(limits.closeMsMax, () => late.resolve('late'));
    const flushed = (async () => {
      await keeper.stop();
      const drained = queue.drain();
      queue.shut(closedError('write', disk.resource), 'later');
      await drained;
      await disk.close();
    })();
    if ((await Promise.race([flushed, late.promise])) === 'late') await disk.kill();
  }

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    values.close();
    await flush();
    queue.shut(closedError('write', disk.resource));
    journal.close();
  }

  const started = await keeper.start();
  if (!started.ok) {
    await disk.kill();
    return started;
  }
  return ok({
    journal,
    outbox,
    values,
    get state() {
      return keeper.state;
    },
    metrics: () => ({
      ...disk.counters,
      ...queue.metrics(),
      state: keeper.state,
      recoveries: keeper.recoveries,
    }),
    async [Symbol.asyncDispose]() {
      closing ??= close();
      await closing;
    },
  });
}
