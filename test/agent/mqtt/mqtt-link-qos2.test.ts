import { expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { silentLog } from '../../../agent/log.ts';
import type { InboundMessage } from '../../../agent/mqtt/link.ts';
import { openMqttLink } from '../../../agent/mqtt/mqtt-link.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { openTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

/** Type and length: ours is as short as can be, that of MQTT.js has a reason code and properties. */
const [pubrec, pubcomp] = [Buffer.of(0x50, 2), Buffer.of(0x70, 4)];

describeWithMosquitto('a message of QoS 2', () => {
  it('is acknowledged when it is kept, and holds up nothing behind it', async () => {
    await using broker = await startMosquitto();
    let said = Buffer.alloc(0);
    await using proxy = await openTcpProxy(broker.port, (direction, { deliver, end }) => ({
      carry(chunk) {
        if (direction === 'toServer') said = Buffer.concat([said, chunk]);
        deliver(chunk);
      },
      end,
    }));
    const heard: InboundMessage[] = [];
    let isUp = false;
    await using _link = openMqttLink(
      { clock: systemClock, random: () => 0, log: silentLog },
      {
        brokers: [{ protocol: 'mqtt', host: '127.0.0.1', port: proxy.port, weight: 1, tls: {} }],
        clientId: 'two',
        keepaliveSeconds: 30,
        subscriptions: [{ filter: 'in/#', qos: 2 }],
      },
      {
        onUp: () => void (isUp = true),
        onDown: () => {},
        onTrouble: () => {},
        onMessage: (message) => void heard.push({ ...message, payload: Uint8Array.from(message.payload) }),
      },
    );
    await until(() => isUp, 'what follows');
    await broker.publish('in/first', 'toggle', { qos: 2 });
    await broker.publish('in/second', 'OFF', { qos: 1 });
    await until(() => heard.length === 2, 'both arrive');
    expect(heard.map(({ topic, qos }) => [topic, qos])).toEqual([
      ['in/first', 2],
      ['in/second', 1],
    ]);
    expect(said.includes(pubrec)).toBe(false);
    heard[0]?.kept?.();
    await until(() => said.includes(pubrec) && said.includes(pubcomp), 'what follows');
    await broker.publish('in/first', 'toggle', { qos: 2 });
    await until(() => heard.length === 3, 'what follows');
    expect(heard[2]).toMatchObject({ topic: 'in/first', qos: 2 });
  });
});
