import { afterAll, beforeAll, expect, it } from 'vitest';
import { linkSuite } from '../../contract/link.suite.ts';
import { startAedes } from '../../support/aedes.ts';
import { on, openMqttRig, openRecorded } from '../../support/link-rigs.ts';
import { describeWithMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { type Direction, type MakeCarrier, openTcpProxy } from '../../support/tcp-proxy.ts';
import { openWeatherProxy } from '../../support/weather-proxy.ts';

const oneByOne = { toServer: { isSplit: true }, toClient: { isSplit: true } } as const;
const farAway = { toServer: { latencyMs: 15, jitterMs: 10 }, toClient: { latencyMs: 15, jitterMs: 10 } } as const;

describeWithMosquitto('over a bad wire to mosquitto', () => {
  linkSuite('every byte alone, MQTT 5', async () => openMqttRig(await startMosquitto(), 5, { weather: oneByOne }));
  linkSuite('latency and jitter, MQTT 5', async () => openMqttRig(await startMosquitto(), 5, { weather: farAway }));
});

linkSuite('every byte alone, 3.1.1', async () => openMqttRig(await startAedes(), 4, { weather: oneByOne }));

/** Sweeps run side by side, each over its own wire. */
const atOnceCount = 16;

describeWithMosquitto('a connection that is reset while it is made', () => {
  let broker: Mosquitto;

  beforeAll(async () => {
    broker = await startMosquitto();
  });

  afterAll(() => broker?.[Symbol.asyncDispose]());

  it.each([
    ['toServer', 'held to MQTT 5', { protocolVersion: 5 }],
    ['toClient', 'held to MQTT 5', { protocolVersion: 5 }],
    ['toServer', 'held to 3.1.1', { protocolVersion: 4 }],
    ['toClient', 'held to 3.1.1', { protocolVersion: 4 }],
    ['toServer', 'free to choose', {}],
    ['toClient', 'free to choose', {}],
  ] as const)(
    'after each byte %s, %s, is made again, and every publish is answered once',
    async (direction, _, version) => {
      const exchangeBytes = await countExchange(broker.port, direction, version);
      expect(exchangeBytes).toBeGreaterThan(5);
      const all = Array.from({ length: exchangeBytes + 1 }, (_item, bytes) => bytes);
      for (let at = 0; at < all.length; at += atOnceCount) {
        const some = all.slice(at, at + atOnceCount);
        await Promise.all(some.map((bytes) => breakAndReturn(broker.port, direction, version, bytes)));
      }
    },
  );
});

type Version = { readonly protocolVersion?: 4 | 5 };

async function breakAndReturn(port: number, direction: Direction, version: Version, bytes: number): Promise<void> {
  await using proxy = await openWeatherProxy(port, { [direction]: { resetAfterBytes: bytes } });
  const { link: opened, told } = openRecorded([on(proxy.port, version)], { clientId: nameOf(bytes) });
  await using link = opened;
  const answers = [0, 0, 0];
  const publishAll = () => {
    for (const index of answers.keys()) {
      const message = { topic: 'out', payload: Buffer.from('x'), qos: 1, retain: false } as const;
      link.publish(message, () => (answers[index] = (answers[index] ?? 0) + 1));
    }
  };
  publishAll();
  const failuresCount = () => told.troubles.all.length + told.downs.all.length;
  await expect.poll(failuresCount, { message: `reset after ${bytes} bytes` }).toBeGreaterThan(0);
  expect(answers).toEqual([1, 1, 1]);
  proxy.setWeather({ [direction]: { resetAfterBytes: Number.POSITIVE_INFINITY } });
  await expect.poll(() => link.isUp, { timeout: 5_000 }).toBe(true);
  publishAll();
  await expect.poll(() => answers).toEqual([2, 2, 2]);
}

/** How many bytes go in this direction until the link is up. */
async function countExchange(port: number, direction: Direction, version: Version): Promise<number> {
  let bytes = 0;
  const count: MakeCarrier = (carried, { deliver, end }) => ({
    carry(chunk) {
      if (carried === direction) bytes += chunk.byteLength;
      deliver(chunk);
    },
    end,
  });
  await using proxy = await openTcpProxy(port, count);
  const { link, told } = openRecorded([on(proxy.port, version)], { clientId: nameOf(0) });
  await using _ = link;
  await told.ups.next();
  return bytes;
}

const nameOf = (bytes: number) => `node-${String(bytes).padStart(3, '0')}`;
