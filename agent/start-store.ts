import type { Publisher } from './documents/publisher.ts';
import type { Environment } from './environment.ts';
import { metricsWithout, type StoreMetrics } from './store/metrics.ts';
import type { Store, StoreTrouble } from './store/store.ts';

/** What the store has to tell: that something changed, and, where it was damaged, everybody who listens. */
export interface StoreAlarm {
  readonly heard: (trouble: StoreTrouble) => void;
  /** From now on it can speak; what happened before is told now. */
  open(publisher: Publisher): void;
}

export function createStoreAlarm(changed: () => void): StoreAlarm {
  let publisher: Publisher | undefined;
  let early: string | undefined; // The last one: all of them are in the log.
  /** QN-4.2f */
  function tell(detail: string): void {
    const message = { t: 'event', val: { what: 'store_set_aside', detail } } as const;
    const to = { verb: 'event', document: 'agent' } as const;
    if (publisher === undefined) early = detail;
    else publisher.say({ message, to, retain: false, policy: 'keep', durability: 'soon' });
  }
  return {
    heard({ isSetAside, detail }) {
      changed();
      if (isSetAside === true) tell(detail);
    },
    open(opened) {
      publisher = opened;
      if (early !== undefined) tell(early);
    },
  };
}

export interface OpenedStore {
  /** Absent: there is to be none, or it did not open. */
  readonly store?: Store;
  /** Absent: there is to be none. */
  metrics(): StoreMetrics | undefined;
}

/** An agent without a store can still drive pins; the log and health say what is missing. */
export async function openStoreOf(
  { openStore, log }: Environment,
  onTrouble: StoreAlarm['heard'],
): Promise<OpenedStore> {
  const opened = await openStore?.(onTrouble);
  if (opened === undefined) return { metrics: () => undefined };
  if (opened.ok) return { store: opened.value, metrics: () => opened.value.metrics() };
  const { kind, detail, fix } = opened.error;
  log.error({ kind, detail, fix }, 'the store does not open; nothing will outlive the agent');
  const metrics = metricsWithout(opened.error);
  return { metrics: () => metrics };
}
