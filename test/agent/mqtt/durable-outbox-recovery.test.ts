import { expect, it } from 'vitest';
import { poolProfiles } from '../../../agent/limits.ts';
import { DurableOutbox } from '../../../agent/mqtt/durable-outbox.ts';
import { createMemoryBroker } from '../../../agent/mqtt/memory-link.ts';
import { Outbox } from '../../../agent/mqtt/outbox.ts';
import { createPool } from '../../../agent/pool/pool.ts';
import { openMemoryStore } from '../../../agent/store/memory-store.ts';
import { Platter } from '../../../agent/store/platter.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

it('what an earlier life stored is sent although the disk was in trouble at the start', async () => {
  const clock = createFakeClock();
  const platter = new Platter();
  const open = async () => {
    const opened = await openMemoryStore(platter, { clock, onTrouble() {} });
    if (!opened.ok) throw new Error(opened.error.detail);
    return opened.value;
  };
  const message = {
    topic: 'left',
    bytes: Buffer.of(1),
    qos: 1,
    retain: false,
    properties: {},
    policy: 'keep',
  } as const;
  const before = await open();
  expect(await before.outbox.put({ ...message, document: 'd' })).toMatchObject({ ok: true });
  await before[Symbol.asyncDispose]();

  platter.trouble = 'io';
  const store = await open();
  expect(store.state).not.toBe('working');
  const pool = createPool(poolProfiles.tiny);
  pool.seal();
  const outbox = new Outbox(clock, pool);
  const durable = new DurableOutbox(clock, outbox, store);
  outbox.onRoom(() => durable.refill());
  const broker = createMemoryBroker({ clock });
  const client = broker.client();
  client.subscribe('left');
  const will = { topic: 'gone', payload: new Uint8Array(1), qos: 1, retain: false } as const;
  const link = broker.openLink(
    { clientId: 'n', will, subscriptions: [] },
    { onUp: (up) => outbox.up(link, up), onDown: () => outbox.down(), onTrouble() {}, onMessage() {} },
  );
  await clock.advance(1_000);
  expect(client.arrived).toEqual([]);

  platter.trouble = undefined;
  for (let turn = 0; turn < 600 && store.state !== 'working'; turn += 1) await clock.advance(1_000);
  expect(store.state).toBe('working');
  durable.refill();
  await clock.advance(1_000);
  expect(client.arrived).toHaveLength(1);
  expect(store.outbox.count).toBe(0);
});
