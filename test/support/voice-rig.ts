import { createPublisher } from '../../agent/documents/publisher.ts';
import { DocumentStates } from '../../agent/documents/states.ts';
import { Watches } from '../../agent/documents/watches.ts';
import { poolProfiles } from '../../agent/limits.ts';
import { silentLog } from '../../agent/log.ts';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { Outbox } from '../../agent/mqtt/outbox.ts';
import { createPool } from '../../agent/pool/pool.ts';
import type { Message, Value } from '../../agent/qn/message.ts';
import { decodeMessage } from '../../agent/qn/registry.ts';
import { createIdSource } from '../../agent/qn/snowflake.ts';
import { createFakeClock } from './fake-clock.ts';

const epoch = 77n;

/** What the agent says things with, over a broker in memory and a clock that stands still. */
export function openVoiceRig() {
  const clock = createFakeClock();
  const taken = new Map<string, number>();
  const pool = createPool(poolProfiles.standard);
  pool.seal();
  const outbox = new Outbox(clock, pool);
  const ids = createIdSource({ clock, nodeName: 'pi-1' });
  const publisher = createPublisher(
    { clock, log: silentLog, ids, outbox, clockQuality: () => 'synced' },
    { root: 'qn/1', node: 'pi-1', encoding: () => 'json', bytesMax: pool.payloadBytesMax },
  );
  const states = new DocumentStates(epoch, publisher, outbox);
  const watches = new Watches({ clock, publisher, states, outbox });
  states.onChange((document) => watches.changed(document));
  outbox.onRoom(() => {
    states.flush();
    watches.flush();
  });
  const broker = createMemoryBroker({ clock });
  const client = broker.client();
  client.subscribe('#');
  const will = { topic: 'gone', payload: new Uint8Array(1), qos: 1, retain: false } as const;
  const link = broker.openLink(
    { clientId: 'pi-1', will, subscriptions: [] },
    {
      onUp(up) {
        outbox.up(link, up);
        states.reannounce();
        watches.reannounce();
      },
      onDown: () => outbox.down(),
      onTrouble() {},
      onMessage() {},
    },
  );
  return {
    clock,
    broker,
    states,
    watches,
    outbox,
    epoch,
    change: (value: Value, document = 'meter') => states.change(document, value),
    /** What came on a topic since the last look. */
    arrived(topic: string): readonly Message[] {
      const found = client.arrived.filter((message) => message.topic === topic).map(({ payload }) => decode(payload));
      const seen = taken.get(topic) ?? 0;
      taken.set(topic, found.length);
      return found.slice(seen);
    },
    /** The newest one on a topic, as the broker had it. */
    last: (topic: string) => client.arrived.filter((message) => message.topic === topic).slice(-1),
  };
}

function decode(payload: Uint8Array): Message {
  const decoded = decodeMessage(payload, { nowMs: 0 });
  if (!decoded.ok) throw new Error(decoded.error.detail);
  return decoded.value;
}
