import { expect, test } from 'vitest';
import { systemClock } from '../../../../agent/clock.ts';
import type { Keeping } from '../../../../agent/config/change/changeable.ts';
import type { GpioBackend } from '../../../../drivers/contract/digital.ts';
import { fail, ok } from '../../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../../drivers/simulated/memory-board.ts';
import { nowhere, startChangingAgent } from '../../../support/changing-agent.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const kept = 'gpio.kept: { driver: gpio-out, line: A, safe: { boot: on } }';
const relay = 'gpio.relay: { driver: gpio-out, line: B }';

function hearAbandoned() {
  const abandoned: string[] = [];
  const keeping: Keeping = { ...nowhere, abandon: async (_why, rollback) => void abandoned.push(rollback) };
  return { keeping, abandoned };
}

test('only what changed is touched: another output does not even see an edge', async () => {
  await using agent = await startChangingAgent({ documents: [kept, relay] });
  agent.say('notify/gpio.relay', 'ON');
  await agent.hear({ verb: 'ack', document: 'gpio.relay', status: 'successful' });
  const before = [agent.board.wire('A').edges.length, agent.board.wire('B').edges.length];
  const outcome = await agent.change({ documents: [kept, relay.replace('line: B', 'line: C')] });
  expect(outcome).toEqual({ status: 'successful' });
  expect(agent.board.wire('A')).toMatchObject({ holder: 'qn-agent', level: 1 });
  expect(agent.board.wire('A').edges).toHaveLength(before[0] ?? -1);
  expect(agent.board.wire('B').edges.slice(before[1])).toMatchObject([{ level: 0 }]); // Its exit state.
  expect([agent.board.wire('B').holder, agent.board.wire('C').holder]).toEqual([undefined, 'qn-agent']);
  agent.say('notify/gpio.relay', 'ON');
  await agent.hear({ verb: 'ack', document: 'gpio.relay', status: 'successful' });
  expect(agent.board.wire('C').level).toBe(1);
});

test('other rules for an output that is on neither move it nor let go of it', async () => {
  await using agent = await startChangingAgent({ documents: [relay] });
  agent.say('notify/gpio.relay', 'ON');
  await agent.hear({ verb: 'state', document: 'gpio.relay', value: true });
  const edgeCount = agent.board.wire('B').edges.length;
  const ruled = 'gpio.relay: { driver: gpio-out, line: B, number: 3, max-on: 200ms }';
  expect(await agent.change({ documents: [ruled] })).toEqual({ status: 'successful' });
  expect(agent.board.wire('B')).toMatchObject({ holder: 'qn-agent', level: 1 });
  expect(agent.board.wire('B').edges).toHaveLength(edgeCount);
  await agent.hear({ verb: 'event', document: 'gpio.relay' }); // The new rule holds: max-on.
  expect(agent.board.wire('B').level).toBe(0);
});

test('two documents exchange their lines', async () => {
  await using agent = await startChangingAgent({ documents: [kept, relay] });
  const swapped = [kept.replace('line: A', 'line: B'), relay.replace('line: B', 'line: A')];
  expect(await agent.change({ documents: swapped })).toEqual({ status: 'successful' });
  expect([agent.board.wire('A').level, agent.board.wire('B').level]).toEqual([0, 1]);
  expect(agent.agent.sources.drivers().map(({ state }) => state)).toEqual(['working', 'working']);
});

test('a document that is gone takes its retained state with it, and one that comes has a later version', async () => {
  await using agent = await startChangingAgent({ documents: [kept, relay] });
  expect(await agent.change({ documents: [kept] })).toEqual({ status: 'successful' });
  agent.say('notify/gpio.relay', 'ON');
  const refused = await agent.hear({ verb: 'ack', document: 'gpio.relay' });
  expect(refused.message).toMatchObject({ st: 'rejected', why: 'unknown-document' });
  const late: string[] = [];
  agent.broker.client(({ topic }) => void late.push(topic)).subscribe('qn/1/pi-1/state/#');
  await expect.poll(() => late).toContain('qn/1/pi-1/state/gpio.kept');
  expect(late).not.toContain('qn/1/pi-1/state/gpio.relay');
  expect(await agent.change({ documents: [kept, relay] })).toEqual({ status: 'successful' });
  const back = await agent.hear({ verb: 'state', document: 'gpio.relay', test: ({ message }) => message.ver === 2 });
  expect(back.message).toMatchObject({ val: false });
});

test('a config whose new driver does not open is taken back, and the pins are as before', async () => {
  const board = createMemoryBoard({ lines: ['A', 'B'] });
  await using agent = await startChangingAgent({ documents: [kept, relay], board });
  const outcome = await agent.change({ documents: [kept, relay.replace('line: B', 'line: Z')] });
  expect(outcome).toMatchObject({ status: 'failed', rollback: 'restored', refusal: { reason: 'self-test-failed' } });
  expect(outcome).toMatchObject({ refusal: { detail: expect.stringContaining('driver.gpio.relay') } });
  expect(board.wire('B').holder).toBe('qn-agent');
  expect(board.wire('A').edges).toHaveLength(1);
  expect(agent.agent.selfTest.health_status).toBe('PASS');
});

test('an exception while a line is taken brings the config of before back', async () => {
  const board = createMemoryBoard({ lines: ['A', 'B', 'C'] });
  const gpio = createSimulatedGpio(board, { clock: systemClock });
  const openOutput: GpioBackend['openOutput'] = async (request) => {
    if (request.line === 'C') throw new Error('a bug');
    return await gpio.openOutput(request);
  };
  const openGpio = async () => ok({ ...gpio, openOutput });
  await using agent = await startChangingAgent({ documents: [kept, relay], board, openGpio });
  const outcome = await agent.change({ documents: [kept, relay.replace('line: B', 'line: C')] });
  expect(outcome).toMatchObject({ status: 'failed', rollback: 'restored', refusal: { reason: 'internal' } });
  agent.say('notify/gpio.relay', 'ON');
  await agent.hear({ verb: 'ack', document: 'gpio.relay', status: 'successful' });
  expect([board.wire('A').edges.length, board.wire('B').level]).toEqual([1, 1]);
});

test('an exception behind the lines brings the config of before back; again in the way back, it is said', async () => {
  let count = 0;
  const { keeping, abandoned } = hearAbandoned();
  const configured = async () => {
    count += 1;
    if (count !== 2) throw new Error('a bug');
  };
  await using agent = await startChangingAgent({ documents: [relay], configured });
  const moved = { documents: [relay.replace('line: B', 'line: C')] };
  const failed = { status: 'failed', refusal: { reason: 'internal' } };
  expect(await agent.change(moved, keeping)).toMatchObject({ ...failed, rollback: 'restored' });
  expect([agent.board.wire('B').holder, agent.board.wire('C').holder]).toEqual(['qn-agent', undefined]);
  expect(await agent.change(moved, keeping)).toMatchObject({ ...failed, rollback: 'failed' });
  expect(abandoned).toEqual(['restored', 'failed']);
});

test('what cannot change while the agent runs is refused, and nothing is touched', async () => {
  await using agent = await startChangingAgent({ documents: [relay] });
  const outcome = await agent.change({ documents: [], sections: 'pool: { profile: tiny }' });
  expect(outcome).toMatchObject({ status: 'rejected', refusal: { reason: 'incompatible' } });
  expect(agent.board.wire('B').holder).toBe('qn-agent');
});

test('a disk that does not keep the new config changes nothing, or brings the old one back', async () => {
  await using agent = await startChangingAgent({ documents: [relay] });
  const { keeping, abandoned } = hearAbandoned();
  const begin = { ...keeping, begin: async () => fail('no space left') };
  expect(await agent.change({ documents: [] }, begin)).toMatchObject({ status: 'failed', rollback: 'not-needed' });
  expect(abandoned).toEqual(['not-needed']); // Else the push stays under way for ever.
  expect(agent.board.wire('B').edges).toHaveLength(0);
  const commit = { ...nowhere, commit: async () => fail('no space left') };
  expect(await agent.change({ documents: [] }, commit)).toMatchObject({ status: 'failed', rollback: 'restored' });
  expect(agent.board.wire('B').holder).toBe('qn-agent');
});

test('a pulse delays the change of its output, but not for ever', async () => {
  const clock = createFakeClock();
  await using agent = await startChangingAgent({ documents: [kept, relay], clock });
  agent.say('notify/gpio.relay', '{"on-for": "10s"}');
  await agent.hear({ verb: 'state', document: 'gpio.relay', value: true });
  const changing = agent.change({ documents: [kept] });
  await clock.advance(9_000);
  expect(agent.board.wire('B')).toMatchObject({ holder: 'qn-agent', level: 1 });
  await clock.advance(2_000);
  expect(await changing).toEqual({ status: 'successful' });
  expect(agent.board.wire('B').holder).toBeUndefined();

  agent.say('notify/gpio.kept', '{"on-for": "10m"}');
  await agent.hear({ verb: 'ack', document: 'gpio.kept', status: 'executing' });
  const { keeping, abandoned } = hearAbandoned();
  const tooLong = agent.change({ documents: [] }, keeping);
  await clock.advance(61_000);
  expect(await tooLong).toMatchObject({ status: 'rejected', refusal: { reason: 'busy' } });
  expect(abandoned).toEqual(['not-needed']);
  expect(agent.board.wire('A')).toMatchObject({ holder: 'qn-agent', level: 1 });
});

test('a counter that a config leaves out counts on where that is taken back, and begins anew where it is not', async () => {
  const flow = 'flow: { driver: gpio-counter, line: F }';
  await using agent = await startChangingAgent({ documents: [flow] });
  agent.say('notify/flow', '{"set": 739}');
  await agent.hear({ verb: 'ack', document: 'flow', status: 'successful' });
  const commit = async () => fail('no space left');
  const renamed = { documents: [flow.replace('flow', 'water')] };
  expect(await agent.change(renamed, { ...nowhere, commit })).toMatchObject({ rollback: 'restored' });
  await agent.hear({ verb: 'state', document: 'water', value: { count: 0, rate: 0 } });
  expect(agent.agent.changeable.valueOf('flow')).toMatchObject({ count: 739 });
  expect(await agent.change(renamed)).toEqual({ status: 'successful' });
  expect(await agent.change({ documents: [flow] })).toEqual({ status: 'successful' });
  expect(agent.agent.changeable.valueOf('flow')).toMatchObject({ count: 0 });
});

test('other groups and bindings are heard over a new connection', async () => {
  await using agent = await startChangingAgent({ documents: [relay] });
  const sections = 'groups: [line-1]\nbindings: [{ on: plant/stop, to: gpio.relay }]';
  expect(await agent.change({ documents: [relay], sections })).toEqual({ status: 'successful' });
  const client = agent.broker.client(() => {});
  client.publish('plant/stop', 'ON');
  await agent.hear({ verb: 'state', document: 'gpio.relay', value: true });
  client.publish('qn/1/@line-1/notify/gpio.relay', 'OFF');
  await agent.hear({ verb: 'state', document: 'gpio.relay', value: false });
  expect(agent.agent.sources.link().counters.connects).toBe(2);
});
