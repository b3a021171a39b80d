import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../agent/clock.ts';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { startAgent } from '../../agent/start.ts';
import { createMemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { createArrivals } from '../support/arrivals.ts';
import { checkedOf } from '../support/checked-config.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { linkOver, surroundingsOn } from '../support/surroundings.ts';

interface Said {
  readonly topic: string;
  readonly text: string;
}

/** The whole agent over a memory link and a board in memory, seen from an ordinary client. */
async function start(documents: string, clock: Clock = systemClock) {
  const folder = await mkdtemp(path.join(tmpdir(), 'outputs-'));
  const board = createMemoryBoard();
  const broker = createMemoryBroker({ clock });
  const arrivals = createArrivals<Said>();
  const client = broker.client(({ topic, payload }) => arrivals.push({ topic, text: Buffer.from(payload).toString() }));
  client.subscribe('#');
  const text = `node: n\nmqtt: { brokers: [{ url: "mqtt://h" }] }\nstate-folder: ${folder}\ndocuments:\n${documents}\n`;
  const environment = { ...surroundingsOn(board, clock), random: () => 0.5, openLink: linkOver(broker, 'n') };
  const agent = await startAgent({ config: checkedOf(text).config, hash: 'hash' }, environment);
  onTestFinished(async () => {
    await agent[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const next = (topic: string, part: string) =>
    arrivals.next((said) => said.topic === `qn/1/n/${topic}` && said.text.includes(part));
  const say = (document: string, payload: string) => client.publish(`qn/1/n/notify/${document}`, payload);
  return { agent, board, broker, next, say, all: arrivals.all };
}

test('a pulse that a later command takes the place of ends superseded', async () => {
  const { next, say, agent } = await start('  relay: { driver: gpio-out, line: A }');
  await next('health/agent', 'online');
  say('relay', '{"id":"1","val":{"on-for":"1h"}}');
  await next('ack/relay', '"executing"');
  say('relay', '{"id":"2","val":"off"}');
  expect(await next('ack/relay', '"superseded"')).toMatchObject({ text: expect.stringContaining('"id":"1"') });
  expect(await next('ack/relay', '"successful"')).toMatchObject({ text: expect.stringContaining('"id":"2"') });
  expect(agent.sources.dispatch()).toMatchObject({ received: 2, successful: 1, superseded: 1, failed: 0 });
});

test('a command that the interlock forbids fails as interlocked', async () => {
  const { next, say, board } = await start(
    '  up: { driver: gpio-out, line: U, interlock: h }\n  down: { driver: gpio-out, line: D, interlock: h }',
  );
  await next('health/agent', 'online');
  say('up', 'on');
  await next('ack/up', '"successful"');
  say('down', 'on');
  expect(await next('ack/down', '"failed"')).toMatchObject({ text: expect.stringContaining('"why":"interlocked"') });
  expect(board.wire('D').edges).toEqual([]);
});

test('health says safe and why after the offline state took effect, and online after the next command', async () => {
  const clock = createFakeClock();
  const { next, say, board, broker } = await start(
    '  relay: { driver: gpio-out, line: A, safe: { offline: { after: 30s, to: off } } }',
    clock,
  );
  await clock.advance(1);
  await next('health/agent', '"online"');
  say('relay', 'on');
  await clock.advance(1);
  await next('ack/relay', '"successful"');
  broker.setWeather({ refusesConnects: true });
  broker.drop('n');
  await clock.advance(31_000);
  expect(board.wire('A').level).toBe(0);
  broker.setWeather({ refusesConnects: false });
  await clock.advance(60_000);
  const safe = await next('health/agent', '"safe"');
  expect(safe.text).toContain('relay: went off: offline');
  say('relay', 'on');
  await clock.advance(1);
  await next('health/agent', '"online"');
  expect(board.wire('A').level).toBe(1);
});

test('50 000 edges a second on one line cost that line and nothing else', async () => {
  const { next, say, board, agent, all } = await start(
    '  relay: { driver: gpio-out, line: A }\n  broken: { driver: gpio-in, line: B }',
  );
  await next('health/agent', 'online');
  const wire = board.wire('B');
  const startMs = performance.now();
  let edgesCount = 0;
  const storm = setInterval(() => {
    const dueCount = (performance.now() - startMs) * 50;
    for (; edgesCount < dueCount; edgesCount += 1) wire.pull(wire.level === 1 ? 0 : 1);
  }, 1);
  onTestFinished(() => clearInterval(storm));
  await next('event/broken', '"disabled":"storm"');
  const delaysMs: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    const askedMs = performance.now();
    say('relay', round % 2 === 0 ? 'on' : 'off');
    await next('ack/relay', '"successful"');
    delaysMs.push(performance.now() - askedMs);
    await delay(20);
  }
  expect(edgesCount).toBeGreaterThan(40_000);
  expect(delaysMs.toSorted((a, b) => a - b)[25]).toBeLessThan(20);
  expect(agent.sources.loop().p50_us).toBeLessThan(20_000);
  const states = agent.sources.drivers().map(({ document, state }) => `${document} ${state}`);
  expect(states).toEqual(['relay working', 'broken failed']);
  expect(all.filter(({ topic }) => topic === 'qn/1/n/event/broken').length).toBeLessThan(1_000);
});
