import { connectAsync, type MqttClient } from 'mqtt';
import { expect, it } from 'vitest';
import type { BindingConfig } from '../../agent/config/config.ts';
import { selectValue } from '../../agent/dispatch/select.ts';
import { planSwitch } from '../../agent/documents/gpio-out.ts';
import { decodeNotify } from '../../agent/qn/bare.ts';
import type { Value } from '../../agent/qn/message.ts';
import { fieldOf, type Heard, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { ptyMissing } from '../support/pty.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import { createRandom, hostilePayloads } from './hostile-payloads.ts';
import { openSerialWire } from './serial-wire.ts';

const messageCount = 10_000;
const batchCount = 50;
/** At once: few enough that the board does without nothing (QN-6.9). */
const everydayBatchCount = 10;
const rssGrowthBytesMax = 5_000_000;

const lines = ['GPIO17', 'GPIO22', 'GPIO27'];
const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17, number: 1 }',
  'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency, retained: accept }',
  'gpio.button1: { driver: gpio-in, line: GPIO27, bias: pull-up, number: 2 }',
];
const serialOn = (port: string) => `serial.x: { driver: serial-line, port: ${port}, delimiter: "\\n" }`;
const binding: BindingConfig = { on: 'factory/stop', select: '/pressed', map: { true: 'off' }, to: 'gpio.relay1' };
const sections = `groups: [line-1]
health: { interval: 1s }
bindings:
  - { on: factory/stop, select: /pressed, map: { "true": "off" }, to: gpio.relay1 }`;

const names = ['gpio.relay1', 'gpio.stop', 'gpio.button1', 'serial.x', 'selftest', 'channels', 'no.such', 'config'];
const topics = [
  'factory/stop',
  ...['pi-1', '@all', '@line-1'].flatMap((target) =>
    ['notify', 'query'].flatMap((verb) => names.map((name) => `qn/1/${target}/${verb}/${name}`)),
  ),
];

/** Mutations that came out as a command a pin or the line would obey; they are no attack and are left out. */
function isCommand(topic: string, payload: Uint8Array): boolean {
  if (topic === binding.on) return selectValue(binding, payload).ok;
  const [, document] = /notify\/(gpio\.relay1|gpio\.stop|serial\.x)$/.exec(topic) ?? [];
  if (document === undefined) return false;
  const decoded = decodeNotify(payload, { nowMs: Date.now() });
  if (!decoded.ok) return false;
  return document === 'serial.x' ? isSerial(decoded.value.val) : planSwitch(decoded.value.val).ok;
}

function isSerial(value: Value): boolean {
  return value instanceof Uint8Array || ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

/** Commands and queries as they come in every day, as fast as they are taken: what V8 compiles and keeps for them stays. */
async function everyday(client: MqttClient): Promise<void> {
  const everydayTopics = topics.filter((topic) => topic !== binding.on && !topic.endsWith('serial.x'));
  const batch: Promise<unknown>[] = [];
  for (let sent = 0; sent < messageCount; sent += 1) {
    const topic = everydayTopics[sent % everydayTopics.length]!;
    const payload = topic.includes('/query/')
      ? '{}'
      : JSON.stringify({ val: false, id: String(sent + 1), src: 'panel' });
    batch.push(client.publishAsync(topic, payload, { qos: 1 }));
    if (batch.length === everydayBatchCount) await Promise.all(batch.splice(0));
  }
  await Promise.all(batch);
}

/** Every payload that may be sent, each on the next topic; some with properties that are just as bad. */
async function attack(client: MqttClient, seed: number): Promise<void> {
  const random = createRandom(seed);
  const payloads = hostilePayloads(random);
  const batch: Promise<unknown>[] = [];
  for (let sent = 0, turn = 0; sent < messageCount; turn += 1) {
    const topic = topics[turn % topics.length]!;
    const payload = Buffer.from(payloads.next().value);
    if (isCommand(topic, payload)) continue;
    sent += 1;
    const properties = random() < 0.2 ? badProperties(random) : {};
    batch.push(client.publishAsync(topic, payload, { qos: 1, properties }));
    if (batch.length === batchCount) await Promise.all(batch.splice(0));
  }
  await Promise.all(batch);
}

function badProperties(random: () => number) {
  const topics = ['qn/1/pi-1/notify/gpio.relay1', 'qn/1/@all/query/gpio.relay1', '$SYS/broker', 'x', 'y/'.repeat(200)];
  return {
    responseTopic: topics[Math.floor(random() * topics.length)]!,
    correlationData: Buffer.alloc(Math.floor(random() * 300), 0x41),
    contentType: ['application/cbor', 'application/json', 'text/html', ''][Math.floor(random() * 4)]!,
  };
}

/** What became of everything sent so far, once nothing is under way: then the books balance, or this never arrives. */
async function refusedInAll(rig: Rig, receivedMin: number): Promise<readonly string[]> {
  // What it did without while it was flooded (QN-6.9) it has taken up again by itself.
  const isOver = (heard: Heard) => isBalanced(heard.message.val, receivedMin) && statusOf(heard) === 'online';
  const report = await rig.hear({ verb: 'health', test: isOver }, 30_000);
  return Object.keys(fieldOf(fieldOf(report.message.val, 'messages'), 'refused') ?? {});
}

function isBalanced(health: Value | undefined, receivedMin: number): boolean {
  const messages = fieldOf(health, 'messages');
  const count = (name: string) => Number(fieldOf(messages, name));
  const refused = Object.values(fieldOf(messages, 'refused') ?? {}).reduce<number>((sum, one) => sum + Number(one), 0);
  const sum = count('successful') + count('failed') + count('answered') + refused;
  const arrivedCount = count('received') + count('stray'); // An empty payload is no command (QN-2.1a).
  return arrivedCount >= receivedMin && sum === count('received');
}

describeWithMosquitto('10 000 hostile payloads', () => {
  it.skipIf(ptyMissing)(
    'on every topic leave the agent alive, its pins and line still, its books balanced and its memory flat',
    async () => {
      await using wire = await openSerialWire();
      await using rig = await startRig({
        documents: [...documents, serialOn(wire.port)],
        lines,
        sections,
        listensTo: 'qn/1/pi-1/health/agent',
      });
      const client = await connectAsync({
        host: '127.0.0.1',
        port: rig.broker.port,
        protocol: 'mqtt',
        protocolVersion: 5,
      });
      try {
        await everyday(client);
        await refusedInAll(rig, messageCount);
        const before = await settledRss(rig);
        await attack(client, 1);
        const reasons = await refusedInAll(rig, 2 * messageCount);
        expect(reasons).toEqual(expect.arrayContaining(['malformed', 'unknown-document', 'out-of-range']));
        const after = await settledRss(rig);
        expect(lines.map((line) => rig.transitionCount(line))).toEqual([0, 0, 0]);
        expect(wire.received().toString('hex')).toBe('');
        await rig.say('notify/gpio.relay1', 'ON');
        await until(() => rig.wire('GPIO17') === '1', 'the pin still obeys');
        await rig.say('notify/serial.x', 'here');
        expect((await wire.receive(4)).toString()).toBe('here');
        expect(after - before).toBeLessThan(rssGrowthBytesMax);
      } finally {
        await client.endAsync();
      }
    },
    120_000,
  );
});

/** The least of several reports: what is left when the collector has been there. */
async function settledRss(rig: Rig): Promise<number> {
  const samples: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    await rig.hear({ verb: 'health' });
    samples.push(rig.agent.rssBytes());
  }
  return Math.min(...samples);
}
