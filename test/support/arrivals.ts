import { inspect } from 'node:util';

/** What arrived so far, and a way to wait for what did not yet. */
export interface Arrivals<Item> {
  readonly all: readonly Item[];
  push(item: Item): void;
  /**
   * The oldest item that matches and was not returned before, or the next one to come. Rejects after `deadlineMs` of
   * real time, telling what came instead.
   */
  next(predicate?: (item: Item) => boolean, deadlineMs?: number): Promise<Item>;
}

interface Waiter<Item> {
  readonly predicate: (item: Item) => boolean;
  readonly resolve: (item: Item) => void;
}

export function createArrivals<Item>(): Arrivals<Item> {
  const all: Item[] = [];
  const unseen = new Set<Item>();
  const waiters = new Set<Waiter<Item>>();
  return {
    all,
    push(item) {
      all.push(item);
      for (const waiter of waiters) {
        if (!waiter.predicate(item)) continue;
        waiters.delete(waiter);
        return waiter.resolve(item);
      }
      unseen.add(item);
    },
    next(predicate = () => true, deadlineMs = 5_000) {
      for (const item of unseen) {
        if (!predicate(item)) continue;
        unseen.delete(item);
        return Promise.resolve(item);
      }
      return new Promise((resolve, reject) => {
        const waiter = {
          predicate,
          resolve: (item: Item) => {
            clearTimeout(timer);
            resolve(item);
          },
        };
        waiters.add(waiter);
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new Error(`nothing that matches within ${deadlineMs} ms; what came: ${describe([...unseen])}`));
        }, deadlineMs);
      });
    },
  };
}

function describe(items: readonly unknown[]): string {
  return items.length === 0
    ? 'nothing'
    : items.map((item) => inspect(item, { breakLength: Infinity }).slice(0, 200)).join(' ');
}
