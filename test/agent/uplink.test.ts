import { expect, onTestFinished, test } from 'vitest';
import { poolProfiles } from '../../agent/limits.ts';
import { silentLog } from '../../agent/log.ts';
import type { Connection, ConnectionEvents, Dialer } from '../../agent/mqtt/connection.ts';
import { endError } from '../../agent/mqtt/memory-connection.ts';
import { Outbox } from '../../agent/mqtt/outbox.ts';
import { openReconnectingLink } from '../../agent/mqtt/reconnecting-link.ts';
import { createPool } from '../../agent/pool/pool.ts';
import type { OpenLink } from '../../agent/uplink.ts';
import { Uplink } from '../../agent/uplink.ts';
import { lateWillMs } from '../../agent/uplink-limits.ts';
import { ok } from '../../drivers/contract/result.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const boot = 1n;
const will = { topic: 'health', payload: Buffer.from('offline'), qos: 1, retain: true } as const;
const message = { topic: 'state', bytes: Buffer.from('1'), qos: 1, retain: false, policy: 'keep' } as const;

/** An uplink and its outbox, to brokers that take so many messages at a time and acknowledge none of them. */
function openUplink(receiveMaximum: number) {
  const clock = createFakeClock();
  const pool = createPool(poolProfiles.tiny);
  pool.seal();
  const outbox = new Outbox(clock, pool);
  const said: string[] = [];
  let dialsCount = 0;
  let bring: ConnectionEvents['onMessage'] = () => {};
  const dialer: Dialer = {
    brokers: () => [],
    dial(events): Connection {
      dialsCount += 1;
      bring = events.onMessage;
      queueMicrotask(() => events.onUp({ broker: 'broker', protocolVersion: 5, receiveMaximum }));
      const close = () => events.onEnd({ error: endError('closed', 'closed by this side') });
      return {
        ...{ broker: 'broker', waitingFor: '', hold() {}, release() {}, close, abort: close },
        publish({ topic, qos }, done) {
          said.push(`${topic} ${qos}`);
          if (qos === 0) done(ok());
        },
      };
    },
  };
  const openLink: OpenLink = (_role, _subscriptions, handlers) =>
    openReconnectingLink({ clock, random: () => 0, log: silentLog }, dialer, handlers);
  const uplink = new Uplink({ clock, log: silentLog, will, boot }, openLink, []);
  uplink.start({
    onUp: (link, up) => outbox.up(link, up),
    onDown: () => outbox.down(),
    onMessage() {},
    onRetainedLost() {},
    onLateWill: () => void said.push('late will'),
  });
  onTestFinished(async () => {
    await uplink.close();
    outbox.close();
    pool.close();
  });
  const hear = (payload: string, retain: boolean) =>
    bring({ topic: will.topic, payload: Buffer.from(payload), qos: 1, duplicate: false, retain, properties: {} });
  return { clock, uplink, outbox, openLink, said, hear, dials: () => dialsCount };
}

test.for([
  { receiveMaximum: 1, goodbye: 'health 0' },
  { receiveMaximum: 2, goodbye: 'health 1' },
])('says goodbye to a broker that takes $receiveMaximum at a time, while one is in flight', async (row) => {
  const { clock, uplink, outbox, openLink, said, dials } = openUplink(row.receiveMaximum);
  await clock.advance(1);
  outbox.send(message);
  expect(said).toEqual(['state 1']);
  const exchanged = uplink.exchange(openLink, [], true);
  await clock.advance(10_000);
  await exchanged;
  expect(said[1]).toBe(row.goodbye);
  await clock.advance(1);
  expect([dials(), uplink.isUp]).toEqual([2, true]);
});

test('a broker that grants each subscription and brings nothing of what the node says is told', async () => {
  const { clock, uplink, openLink, hear } = openUplink(10);
  const deaf = ['broker does not bring this node what it publishes on "health"'];
  await clock.advance(29_000);
  expect(uplink.refused).toEqual([]);
  await clock.advance(2_000);
  expect(uplink.refused).toEqual(deaf);
  hear('{"boot":"1"}', true); // Of an earlier connection.
  hear('{"boot":"2"}', false); // Of somebody else.
  expect(uplink.refused).toEqual(deaf);
  hear('{"boot":"1"}', false);
  expect(uplink.refused).toEqual([]);
  await clock.advance(60_000);
  expect(uplink.refused).toEqual([]);
  const exchanged = uplink.exchange(openLink, [], false);
  await clock.advance(1_000);
  await exchanged;
  expect(uplink.refused).toEqual([]);
  await clock.advance(31_000);
  expect(uplink.refused).toEqual(deaf);
});

test('a last will of this life that comes late is answered, once for all that come within a second', async () => {
  const { clock, said, hear } = openUplink(20);
  await clock.advance(0);
  for (const text of ['offline', 'offline']) hear(text, false);
  await clock.advance(lateWillMs - 1);
  expect(said).toEqual([]);
  await clock.advance(1);
  expect(said).toEqual(['late will']);
  hear('offline', false);
  await clock.advance(lateWillMs);
  expect(said).toEqual(['late will', 'late will']);
});

test.each([
  ['what is retained at the broker from before', 'offline', true],
  ['what another life said', 'offline of another life', false],
])('%s is no late will', async (_, text, retain) => {
  const { clock, said, hear } = openUplink(20);
  await clock.advance(0);
  hear(text, retain);
  await clock.advance(2 * lateWillMs);
  expect(said).toEqual([]);
});

test('the goodbye that comes back is no late will', async () => {
  const { clock, uplink, said, hear } = openUplink(1);
  await clock.advance(0);
  hear('offline', false);
  const goodbye = uplink.sayGoodbye(true);
  hear('offline', false);
  await clock.advance(2 * lateWillMs);
  await goodbye;
  expect(said).toEqual(['health 0']);
});
