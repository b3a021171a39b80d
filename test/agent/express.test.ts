import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../agent/clock.ts';
import { runSimulatedFirmware } from '../../agent/documents/mcu/simulated-firmware.ts';
import { expressDoubtMs } from '../../agent/express-limits.ts';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { createSimulatedSerialPair } from '../../drivers/serial-simulated.ts';
import { startLinkAgent } from '../support/link-agent.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';
import { hasMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { collect, publishOnce } from '../support/mqtt-client.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { makeSigner, rawToken } from '../support/signing.ts';
import { until } from '../support/until.ts';

const relay = 'gpio.relay1: { driver: gpio-out, line: GPIO17 }';
const stop = 'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }';
const express = 'pi-1-emergency';

type Rig = Awaited<ReturnType<typeof startMemoryAgent>>;
const endsOf = ({ all }: Rig) =>
  all.filter(
    ({ verb, document, message }) =>
      verb === 'ack' && document === 'gpio.stop' && message.t === 'ack' && message.st === 'successful',
  );
const isRefused = ({ document, message }: Rig['all'][number]) =>
  document === 'gpio.stop' && message.t === 'ack' && message.st === 'rejected';

async function startUp(documents = [relay, stop], more: Partial<Parameters<typeof startMemoryAgent>[0]> = {}) {
  const rig = await startMemoryAgent({ documents, ...more });
  await rig.hear({ verb: 'health' });
  return rig;
}

describe('the connection for emergency documents', () => {
  test('is there when there are such documents, and else not', async () => {
    await using rig = await startUp();
    await until(() => rig.broker.connectedIds.includes(express), 'the express connection');
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    await using other = await startUp([relay]);
    expect(other.broker.connectedIds).toEqual(['pi-1']);
    expect(other.agent.sources.link().express.state).toBe('none');
  });

  test('and the main one together carry out each command once, and tell of it once', async () => {
    await using rig = await startUp();
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    for (let count = 1; count <= 20; count += 1) {
      rig.say('notify/gpio.stop', 'toggle');
      await until(() => endsOf(rig).length === count, `${count} acks`);
      expect(rig.board.wire('GPIO22').level).toBe(count % 2);
    }
    expect(rig.agent.sources.dispatch()).toMatchObject({ received: 20, successful: 20, refused: {} });
  });

  test('is not needed: without it the main one carries them, and health says so', async () => {
    await using rig = await startUp();
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    rig.broker.setWeather({ refusesConnects: true });
    rig.broker.drop(express);
    await until(() => rig.agent.sources.link().express.trouble !== undefined, 'trouble');
    rig.say('notify/gpio.stop', 'toggle');
    await until(() => endsOf(rig).length === 1, 'the ack');
    expect(rig.board.wire('GPIO22').level).toBe(1);
    rig.broker.setWeather({ refusesConnects: false });
    await until(() => rig.agent.sources.link().express.state === 'up', 'up again');
    rig.say('notify/gpio.stop', 'toggle');
    await until(() => endsOf(rig).length === 2, 'the second ack');
    expect(rig.board.wire('GPIO22').level).toBe(0);
  });

  test('comes back when the network took both, however soon', async () => {
    await using rig = await startUp();
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    rig.broker.drop();
    await new Promise((resolve) => setTimeout(resolve, 500)); // By then it would have been given up.
    await until(() => rig.agent.sources.link().express.state === 'up', 'up again');
  });

  test('and the main one tell one end of each command, although a flood made the broker throw one away', async () => {
    await using rig = await startUp();
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    rig.broker.setWeather({ latencyMs: 50 });
    for (let count = 0; count < 1_100; count += 1) rig.say('notify/gpio.relay1', 'ON'); // No more fits into the main one.
    rig.say('notify/gpio.stop', 'toggle');
    await until(() => endsOf(rig).length === 1, 'the first end');
    await until(() => rig.agent.sources.dispatch().received > 1_000, 'the flood');
    rig.broker.setWeather({ latencyMs: 0 });
    rig.say('notify/gpio.stop', '{"id":"2","val":"toggle"}');
    await until(() => endsOf(rig).length === 2, 'the second end');
    await new Promise((resolve) => setTimeout(resolve, expressDoubtMs + 100)); // A second end would have come.
    expect(rig.all.filter(isRefused)).toEqual([]);
    rig.broker.setWeather({ refusesConnects: true });
    rig.broker.drop(express);
    rig.say('notify/gpio.stop', '{"id":"3","val":"toggle"}');
    await until(() => endsOf(rig).length === 3, 'the third end, by the main one alone');
    expect(rig.board.wire('GPIO22').level).toBe(1);
  });

  test('makes a command late that only the main one has, from before, and brings behind a later one', async () => {
    await using rig = await startUp();
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    rig.broker.setWeather({ refusesConnects: true });
    rig.broker.drop(express);
    await until(() => rig.agent.sources.link().express.state === 'down', 'down');
    rig.broker.setWeather({ latencyMs: 2_000, refusesConnects: false });
    rig.say('notify/gpio.stop', '{"id":"4","val":"ON"}'); // Before the express connection is up again.
    rig.broker.setWeather({ latencyMs: 0 });
    await until(() => rig.agent.sources.link().express.state === 'up', 'up again');
    rig.say('notify/gpio.stop', '{"id":"5","val":"OFF"}');
    await rig.hear({ id: 5n, status: 'successful' });
    await rig.hear({ id: 4n, status: 'rejected' });
    expect(rig.board.wire('GPIO22').level).toBe(0);
  });

  const priorities = ['normal', 'emergency'];
  test.for(priorities)(
    'carries out a stop while forged tokens of another document are checked: %s',
    async (priority) => {
      const signer = makeSigner('k1', ['actuate']);
      const signed = `gpio.signed: { driver: gpio-out, line: GPIO23, priority: ${priority}, control: ["token:actuate"] }`;
      const sections = `pool: { profile: tiny }\ntrust: { keys: [${signer.yaml}] }`;
      await using rig = await startUp([relay, stop, signed], { sections });
      await until(() => rig.agent.sources.link().express.state === 'up', 'up');
      const claims = { aud: 'pi-1', doc: 'gpio.signed', jti: '1' };
      const tok = rawToken({ alg: 'EdDSA', kid: 'k1' }, claims, () => Buffer.alloc(64).toString('base64url'));
      const forge = () => {
        for (let count = 0; count < 10; count += 1) rig.say('notify/gpio.signed', JSON.stringify({ val: 'ON', tok }));
      };
      forge();
      for (const _ of [1, 2]) await new Promise((resolve) => setImmediate(resolve)); // They are being checked now.
      forge();
      rig.say('notify/gpio.stop', '{"id":"7","val":"ON"}');
      await rig.hear({ document: 'gpio.stop', status: 'successful' });
      expect(rig.all.filter(isRefused)).toEqual([]);
      expect(rig.board.wire('GPIO22').level).toBe(1);
    },
  );

  test('takes commands for what a device brings that is plugged in later', async () => {
    const broker = createMemoryBroker();
    const opened: (readonly string[])[] = [];
    const watched: typeof broker = {
      ...broker,
      openLink(options, handlers) {
        if (options.clientId === express) opened.push(options.subscriptions.map(({ filter }) => filter));
        return broker.openLink(options, handlers);
      },
    };
    const pair = createSimulatedSerialPair({}, systemClock);
    await using _firmware = runSimulatedFirmware(pair.right, systemClock, { random: seededRandom(1) });
    const ports: { [resource: string]: BytePort } = {};
    await using rig = await startUp([relay, 'firmware.mcu0: { driver: mcu, port: /dev/ttyMCU, priority: emergency }'], {
      broker: watched,
      ports,
    });
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    expect(opened).toEqual([['qn/1/pi-1/notify/firmware.mcu0', 'qn/1/@all/notify/firmware.mcu0']]);
    ports['/dev/ttyMCU'] = pair.left;
    await until(() => opened.length === 2 && rig.agent.sources.link().express.state === 'up', 'the other one', 10_000);
    expect(opened[1]).toEqual(rig.agent.table.emergencyFilters);
    expect(opened[1]).toContain('qn/1/pi-1/notify/firmware.mcu0.out1');
  }, 20_000);

  test('leaves other documents and queries to the main one', async () => {
    await using rig = await startUp();
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    rig.say('notify/gpio.relay1', 'toggle');
    await rig.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful' });
    expect(rig.board.wire('GPIO17').level).toBe(1);
    rig.say('query/gpio.stop', '{"id":"9","reply":"qn/1/ops/reply/1"}');
    await rig.hear({ id: 9n, test: ({ message }) => message.t === 'snapshot' });
  });

  test('takes commands for groups and bindings too', async () => {
    const sections = 'groups: [line-1]\nbindings: [{ on: plant/stop, to: gpio.stop }]';
    await using rig = await startUp([relay, stop], { sections });
    await until(() => rig.agent.sources.link().express.state === 'up', 'up');
    const client = rig.broker.client();
    const topics = ['qn/1/@line-1/notify/gpio.stop', 'qn/1/@all/notify/gpio.stop', 'plant/stop'];
    for (const [index, topic] of topics.entries()) {
      client.publish(topic, 'toggle');
      await until(() => endsOf(rig).length === index + 1, topic);
      expect(rig.board.wire('GPIO22').level).toBe((index + 1) % 2);
    }
    await new Promise((resolve) => setTimeout(resolve, 500)); // A copy that acts as well would have come.
    expect(endsOf(rig)).toHaveLength(topics.length);
  });
});

describe.skipIf(!hasMosquitto)('over mosquitto', () => {
  test('each of a hundred toggles acts once while a flood comes for another document', async () => {
    await using broker = await startMosquitto();
    await using agent = await startLinkAgent([relay, stop], {
      brokers: [{ protocol: 'mqtt', host: '127.0.0.1', port: broker.port, weight: 1 }],
    });
    await until(() => agent.agent.sources.link().express.state === 'up', 'up');
    await using acks = await collect(broker.port, 'qn/1/pi-1/ack/gpio.stop');
    const doneCount = () => acks.all.filter(({ text }) => text.includes('"successful"')).length;
    const flooder = await connectAsync(broker.url);
    const flood = setInterval(() => {
      for (let count = 0; count < 50; count += 1) flooder.publish('qn/1/pi-1/notify/gpio.relay1', 'toggle', { qos: 1 });
    }, 10);
    for (let count = 1; count <= 100; count += 1) {
      await publishOnce(broker.port, 'qn/1/pi-1/notify/gpio.stop', 'toggle');
      await until(() => doneCount() === count, `${count} toggles`);
      expect(agent.board.wire('GPIO22').level).toBe(count % 2);
    }
    clearInterval(flood);
    await flooder.endAsync(true);
    await new Promise((resolve) => setTimeout(resolve, 500)); // A copy that acts as well would have come.
    expect(acks.all.filter(({ text }) => !/"(?:accepted|executing|successful)"/.test(text))).toEqual([]);
    expect(doneCount()).toBe(100);
  }, 60_000);

  test('it is closed for a while where the broker takes both connections for one client', async () => {
    await using broker = await startMosquitto({ config: () => ['use_username_as_clientid true'] });
    await using agent = await startLinkAgent([relay, stop], {
      brokers: [{ protocol: 'mqtt', host: '127.0.0.1', port: broker.port, weight: 1 }],
      username: 'pi-1',
    });
    const state = () => agent.agent.sources.link().express.state;
    const trouble = () => agent.agent.sources.link().express.trouble ?? '';
    await until(() => trouble().includes('the broker ended the main connection'), 'that it is given up');
    expect(state()).toBe('down');
    expect(agent.told.order).toEqual(['up', 'down']);
  });
});
