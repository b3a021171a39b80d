import { expect, test } from 'vitest';
import { encodeCompact } from '../../../agent/qn/compact.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import type { Heard } from '../../support/heard.ts';
import { type MemoryAgent, type MemoryAgentOptions, startMemoryAgent } from '../../support/memory-agent.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { until } from '../../support/until.ts';

const documents = [
  'gpio.plain: { driver: gpio-out, line: GPIO1, number: 1 }',
  'gpio.low: { driver: gpio-out, line: GPIO2, number: 2, active: low }',
  'gpio.slow: { driver: gpio-out, line: GPIO3, number: 3, min-dwell: 20ms }',
  'gpio.up: { driver: gpio-out, line: GPIO4, number: 4, interlock: lift, dead-time: 10ms }',
  'gpio.down: { driver: gpio-out, line: GPIO5, number: 5, interlock: lift, dead-time: 10ms }',
  'gpio.owned: { driver: gpio-out, line: GPIO6, number: 6, control: [ops] }',
  'gpio.stop: { driver: gpio-out, line: GPIO7, number: 7, priority: emergency }',
  'gpio.input: { driver: gpio-in, line: GPIO8, number: 8 }',
  'gpio.nameless: { driver: gpio-out, line: GPIO9 }',
  'gpio.once: { driver: gpio-out, line: GPIO10, number: 10, once: on }',
];
const names = documents.map((row) => row.slice(0, row.indexOf(':')));

interface Order {
  readonly document: string;
  readonly payload: Uint8Array;
}

/** Commands of all kinds, some of them twice, some of them for the wrong channel, some of them broken. */
function ordersOf(seed: number, count: number): readonly Order[] {
  const random = seededRandom(seed);
  const whole = (below: number) => Math.floor(random() * below);
  return Array.from({ length: count }, () => {
    const place = whole(names.length);
    const payload = new Uint8Array(17);
    const kind = random() < 0.05 ? 'event' : 'notify';
    const id = whole(30);
    const document = names[place] ?? '';
    // The same ids in JSON, whose ack says how the first one ended.
    if (random() < 0.15)
      return { document, payload: Buffer.from(JSON.stringify({ id: String(id), val: random() < 0.5 })) };
    const channel = random() < 0.1 ? 99 : random() < 0.5 ? 0 : place + 1;
    const said = { kind, vtype: 'bool', value: random() < 0.5, channel, id, ts: 0 } as const;
    encodeCompact({ ...said, pri: 0, ack: random() < 0.5, clk: random() < 0.5 ? 0 : 2 }, payload);
    if (random() < 0.05) payload[whole(17)] = whole(256);
    return { document, payload };
  });
}

function switchOn(id: number, ack: boolean): Uint8Array {
  const payload = new Uint8Array(17);
  const said = { kind: 'notify', vtype: 'bool', value: true, channel: 0, id, ts: 0 } as const;
  encodeCompact({ ...said, pri: 0, ack, clk: 0 }, payload);
  return payload;
}

/** Without what no two runs have in common: stamps, epochs, ids the agent gave. */
function told({ verb, document, message }: Heard): string {
  const { ts: _ts, ep: _ep, lsn: _lsn, clk: _clk, id, ...rest } = message;
  const isOurs = id !== undefined && id < 2n ** 32n;
  return JSON.stringify([verb, document, isOurs ? String(id) : '', rest]);
}

async function run(orders: readonly Order[], isPlain: boolean, more: Partial<MemoryAgentOptions> = {}) {
  await using rig = await startMemoryAgent({ documents, ...more });
  await rig.hear({ verb: 'state', document: 'channels' });
  const before = rig.all.length;
  // Correlation data without a topic to answer on changes nothing, but is a reason to go the long way.
  const properties = isPlain ? {} : { correlationData: Uint8Array.of(1) };
  for (const [index, { document, payload }] of orders.entries()) {
    rig.say(`notify/${document}`, payload, { properties });
    await until(() => settled(rig, index + 1), 'everything is done');
  }
  const heard = rig.all.slice(before).filter(({ verb }) => ['ack', 'state', 'delta'].includes(verb));
  const wires = documents.map((_, index) => rig.board.wire(`GPIO${index + 1}`).edges.map(({ level }) => level));
  return { heard: heard.map(told), wires, counts: rig.agent.sources.dispatch() };
}

/** One after the other: how commands meet in time is another question than what each of them comes to. */
function settled({ agent }: MemoryAgent, count: number): boolean {
  const { received } = agent.sources.dispatch();
  return received >= count && agent.vitals().handled >= count && agent.sources.outbox().depth === 0;
}

test.for([1, 2, 3])('what is carried out at once comes to the same as on the long way, seed %i', async (seed) => {
  const orders = ordersOf(seed, 250);
  const [atOnce, longWay] = [await run(orders, true), await run(orders, false)];
  expect(atOnce.counts.successful).toBeGreaterThan(50);
  expect(atOnce.counts.refused.duplicate).toBeGreaterThan(10);
  expect(atOnce.counts).toEqual(longWay.counts);
  expect(atOnce.wires).toEqual(longWay.wires);
  expect(atOnce.heard).toEqual(longWay.heard);
});

test('a write that fails is told in the same way, also where no ack was wanted', async () => {
  const orders = [1, 2, 3].map((id) => ({ document: 'gpio.plain', payload: switchOn(id, id === 2) }));
  const openGpio = async () => ok(createSimulatedGpio(createMemoryBoard(), { weather: { failWritesAfterCount: 1 } }));
  const [atOnce, longWay] = [await run(orders, true, { openGpio }), await run(orders, false, { openGpio })];
  expect(atOnce.counts).toMatchObject({ successful: 1, failed: 2 });
  expect(atOnce.counts).toEqual(longWay.counts);
  expect(atOnce.heard).toEqual(longWay.heard);
});

test('a burst far longer than the queue is carried out whole', async () => {
  await using rig = await startMemoryAgent({ documents });
  await rig.hear({ verb: 'state', document: 'channels' });
  const orders = 1_000;
  for (let id = 0; id < orders; id += 1) rig.say('notify/gpio.plain', switchOn(id, false));
  await until(() => rig.agent.vitals().handled >= orders, 'all of them');
  expect(rig.agent.sources.dispatch()).toMatchObject({ successful: orders, refusedTotal: 0 });
  expect(rig.agent.sources.sparing().level).toBe(0);
});
