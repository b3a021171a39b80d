import { afterEach, beforeEach } from 'vitest';
import type { JournalCommand, MessageToStore, Store } from '../../agent/store/store.ts';
import { type StoreRig, stored } from '../support/store-rigs.ts';

export const bootId = 77n;

export function command(id: number, document = 'gpio.relay1'): JournalCommand {
  return { source: 'panel', id: BigInt(id), document, bootId, atMs: 1_000 + id };
}

export function message(text: string, document = 'gpio.relay1'): MessageToStore {
  const topic = `qn/1/pi/event/${document}`;
  return { topic, bytes: Buffer.from(text), qos: 1, retain: false, policy: 'keep', document, properties: {} };
}

/** The rig of the case that runs, made before it and cleared behind it. */
export interface StoreStage {
  readonly rig: StoreRig;
  /** Opens the store anew, as after a clean stop. */
  reopen(store: Store, limits?: Parameters<StoreRig['open']>[0]): Promise<Store>;
  /** The same after a crash. */
  reopenAfterCrash(limits?: Parameters<StoreRig['open']>[0]): Promise<Store>;
}

export function setStoreStage(openRig: () => StoreRig): StoreStage {
  let rig: StoreRig;
  beforeEach(() => {
    rig = openRig();
  });
  afterEach(() => rig[Symbol.asyncDispose]());
  return {
    get rig() {
      return rig;
    },
    async reopen(store, limits) {
      await store[Symbol.asyncDispose]();
      return rig.open(limits);
    },
    async reopenAfterCrash(limits) {
      await rig.crash();
      return rig.open(limits);
    },
  };
}

/** The texts of everything in the outbox, oldest first. */
export async function textsOf(store: Store): Promise<string[]> {
  const messages = stored(await store.outbox.oldest(1_000, 0));
  return messages.map(({ bytes }) => Buffer.from(bytes).toString());
}
