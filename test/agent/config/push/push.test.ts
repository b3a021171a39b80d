import { expect, test } from 'vitest';
import { createMemoryBoard } from '../../../../drivers/simulated/memory-board.ts';
import type { Heard } from '../../../support/heard.ts';
import { deadBroker, type PushableAgent, startPushableAgent } from '../../../support/pushable-agent.ts';
import { makeSigner } from '../../../support/signing.ts';

const relay = 'relay: { driver: gpio-out, line: A, safe: { boot: on } }';
const lamp = 'lamp: { driver: gpio-out, line: B }';

/** The whole value of the last `state/config`, and how often it was told. */
function told({ all }: PushableAgent) {
  const states = all.filter(({ verb, document }) => verb === 'state' && document === 'config');
  return { val: states.at(-1)?.message.t === 'snapshot' ? states.at(-1)?.message : undefined, count: states.length };
}

test('a whole config, as an object or as YAML, becomes the next version', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  const edgeCount = agent.board.wire('A').edges.length;
  agent.push({ id: '1', src: 'me', val: agent.value([relay, lamp]) });
  const first = await agent.ending(1);
  expect(first.message).toMatchObject({
    st: 'successful',
    val: { version: 1, hash: agent.agent.changeable.running.hash },
  });
  expect(agent.board.wire('B').holder).toBe('qn-agent');
  expect(agent.board.wire('A').edges).toHaveLength(edgeCount);
  const yaml = JSON.stringify(agent.value([relay])); // JSON is YAML.
  agent.push({ id: '2', src: 'me', val: yaml });
  expect((await agent.ending(2)).message).toMatchObject({ st: 'successful', val: { version: 2 } });
  expect(agent.board.wire('B').holder).toBeUndefined();
  await expect
    .poll(() => told(agent).val?.val)
    .toMatchObject({
      version: 2,
      vc: { unsigned: 2 },
      author: 'unsigned',
      origin: 'push',
      previous: 1,
      config: agent.value([relay]),
      history: [
        { version: 1, status: 'successful' },
        { version: 2, status: 'successful' },
      ],
    });
});

test('a patch applies to the version it names, and to no other', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  const patch = { documents: { relay: { 'max-on': '5s' }, lamp: { driver: 'gpio-out', line: 'B' } } };
  agent.push({ id: '1', val: patch, base: 3, ver: 4, vc: { unsigned: 4 } });
  expect((await agent.ending(1)).message).toMatchObject({ st: 'rejected', why: 'version-gap', val: { version: 0 } });
  agent.push({ id: '2', val: patch, base: 0, ver: 1, vc: { unsigned: 1 } });
  expect((await agent.ending(2)).message).toMatchObject({ st: 'successful', val: { version: 1 } });
  expect(agent.agent.changeable.running.config.documents['relay']).toMatchObject({ maxOnMs: 5_000, line: 'A' });
  agent.push({ id: '3', val: { documents: { lamp: null } }, base: 1, ver: 1_500, vc: { unsigned: 1_500 } });
  expect((await agent.ending(3)).message).toMatchObject({ st: 'rejected', why: 'version-gap' });
});

test('the same vector is nothing to do, an older one is stale, and the same id is a duplicate', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  const val = agent.value([relay, lamp]);
  agent.push({ id: '1', src: 'me', val, ver: 5, vc: { alice: 5, unsigned: 1 } });
  expect((await agent.ending(1)).message).toMatchObject({ st: 'successful', val: { version: 5 } });
  agent.push({ id: '2', src: 'me', val, ver: 5, vc: { alice: 5, unsigned: 1 } });
  expect((await agent.ending(2)).message).toMatchObject({ st: 'successful', val: { version: 5 } });
  agent.push({ id: '3', src: 'me', val: agent.value([]), ver: 6, vc: { alice: 4, unsigned: 2 } });
  expect((await agent.ending(3)).message).toMatchObject({ st: 'rejected', why: 'stale-version', val: { version: 5 } });
  agent.push({ id: '1', src: 'me', val: agent.value([]), ver: 9, vc: { alice: 9, unsigned: 9 } });
  const duplicate = await agent.hear({ verb: 'ack', document: 'config', id: 1n, status: 'duplicate' });
  expect(duplicate.message).toMatchObject({ val: { status: 'successful' } });
  expect(agent.board.wire('A').holder).toBe('qn-agent');
});

test('all faults of the schema are told at once, and nothing was touched', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  const faulty = { ...Object(agent.value([relay, relay.replace('relay', 'twin')])), groups: 3 };
  agent.push({ id: '1', val: faulty });
  const { message } = await agent.ending(1);
  expect(message).toMatchObject({ st: 'rejected', why: 'malformed', val: { version: 0 } });
  expect(message.detail).toContain('/groups');
  expect(message.detail).toContain('/documents/twin/line');
  expect(agent.board.wire('A').edges).toHaveLength(1);
  expect(agent.agent.sources.dispatch().refused).toEqual({ malformed: 1 });
});

test('a line that the board does not have, and a broker that is not there, bring the old config back', async () => {
  const board = createMemoryBoard({ lines: ['A', 'B'] });
  await using agent = await startPushableAgent({ documents: [relay, lamp], board });
  agent.push({ id: '1', val: agent.value([relay, lamp.replace('line: B', 'line: Z')]) });
  expect((await agent.ending(1)).message).toMatchObject({
    st: 'failed',
    why: 'self-test-failed',
    val: { rollback: 'restored', version: 0 },
  });
  const away = { ...Object(agent.value([relay])), mqtt: { brokers: [{ url: deadBroker }] } };
  agent.push({ id: '2', val: away });
  const failed = (await agent.ending(2)).message;
  expect(failed).toMatchObject({ st: 'failed', why: 'rolled-back', val: { rollback: 'restored', version: 0 } });
  expect(failed.detail).toContain('connection refused');
  expect([board.wire('A').holder, board.wire('B').holder]).toEqual(['qn-agent', 'qn-agent']);
  expect(board.wire('A').edges).toHaveLength(1);
  expect(told(agent).val?.val).toMatchObject({ version: 0, history: [{ status: 'failed' }, { status: 'failed' }] });
});

test('who does not set trust to none takes nothing without a token, and says so once a minute', async () => {
  await using agent = await startPushableAgent({ documents: [relay], sections: '' });
  for (const id of [1, 2, 3]) {
    agent.push({ id: `${id}`, val: agent.value([]) });
    expect((await agent.ending(id)).message).toMatchObject({ st: 'rejected', why: 'unauthenticated' });
  }
  const event = await agent.hear({ verb: 'event', document: 'agent' });
  expect(event.message).toMatchObject({ val: { what: 'refused', attack: 'no-token', document: 'config', count: 1 } });
  expect(agent.all.filter(({ verb }) => verb === 'event')).toHaveLength(1);
});

test('trust cannot be switched on over the air without a key that could change the board again', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  for (const [id, sections] of [
    [1, 'config: { trust: keys }'],
    [2, ''],
  ] as const) {
    agent.push({ id: `${id}`, val: agent.value([relay, lamp], sections) });
    const { message } = await agent.ending(id);
    expect(message).toMatchObject({ st: 'rejected', why: 'not-permitted', val: { version: 0 } });
    expect(message.detail).toContain('keep config.trust: none');
  }
  agent.push({ id: '3', val: agent.value([relay, lamp]) });
  expect((await agent.ending(3)).message).toMatchObject({ st: 'successful' });
});

test('trust cannot be switched off over the air', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  const owner = makeSigner('owner', ['config', 'trust']);
  agent.push({ id: '1', val: agent.value([relay], `trust: { keys: [${owner.yaml}] }`) });
  const { message } = await agent.ending(1);
  expect(message).toMatchObject({ st: 'successful' });
  agent.push({ id: '2', val: agent.value([relay], 'config: { trust: none }') });
  expect((await agent.ending(2)).message).toMatchObject({ st: 'rejected', why: 'unauthenticated' });
});

test('a rollback brings the config of before as a new version', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  agent.push({ id: '1', val: { rollback: true } });
  expect((await agent.ending(1)).message).toMatchObject({ st: 'rejected', why: 'unsupported' });
  agent.push({ id: '2', val: agent.value([relay, lamp]) });
  await agent.ending(2);
  agent.push({ id: '3', val: { rollback: true } });
  expect((await agent.ending(3)).message).toMatchObject({ st: 'successful', val: { version: 2 } });
  expect(agent.board.wire('B').holder).toBeUndefined();
  expect(told(agent).val?.val).toMatchObject({ origin: 'rollback', config: agent.value([relay]) });
});

test('a retained desired config is taken by a board that comes later, once', async () => {
  await using first = await startPushableAgent({ documents: [relay] });
  const { broker, stateFolder, board } = first;
  first.push({ id: '1', src: 'fleet', val: first.value([relay, lamp]), ver: 1, vc: { fleet: 1, unsigned: 1 } }, true);
  expect((await first.ending(1)).message).toMatchObject({ st: 'successful' });
  await first.agent[Symbol.asyncDispose]();
  await using later = await startPushableAgent({ documents: [relay], broker, stateFolder, board });
  const again = await later.hear({ verb: 'ack', document: 'config', id: 1n, status: 'duplicate' });
  expect(again.message).toMatchObject({ val: { status: 'successful' } });
  expect(later.agent.changeable.running.config.documents).toHaveProperty('lamp');
  expect(later.board.wire('B').holder).toBe('qn-agent');
});

test('one push at a time: what comes meanwhile is refused as busy', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  for (let id = 1; id <= 20; id += 1) agent.push({ id: `${id}`, val: agent.value([relay, lamp]) });
  const ends = await Promise.all(Array.from({ length: 20 }, (_, index) => agent.ending(index + 1)));
  const statuses = ends.map(({ message }) => (message.t === 'ack' ? `${message.st} ${message.why ?? ''}` : ''));
  expect(statuses.filter((status) => status === 'successful ')).toHaveLength(1);
  expect(statuses.filter((status) => status === 'rejected busy')).toHaveLength(19);
});

test('a push has to prove its way to the broker also where the connection is lost before it is applied', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  agent.client.publish('qn/1/pi-1/notify/relay', '{"on-for": "300ms"}'); // The change waits for its end.
  await agent.hear({ verb: 'state', document: 'relay', value: true });
  agent.push({
    ...{ id: '1', src: 'me' },
    val: { ...Object(agent.value([relay.replace('A', 'B')])), mqtt: { brokers: [{ url: deadBroker }] } },
  });
  await agent.hear({ verb: 'ack', document: 'config', id: 1n, status: 'executing' });
  agent.broker.setWeather({ refusesConnects: true });
  agent.broker.drop();
  await expect.poll(() => agent.agent.changeable.uplink.lastTrouble, { timeout: 5_000 }).toContain(deadBroker);
  agent.broker.setWeather({ refusesConnects: false });
  const { message } = await agent.ending(1);
  expect(message).toMatchObject({ st: 'failed', why: 'rolled-back', val: { rollback: 'restored', version: 0 } });
  expect([agent.board.wire('A').holder, agent.board.wire('B').holder]).toEqual(['qn-agent', undefined]);
});

test('one that does not touch the way to the broker needs no connection', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  agent.client.publish('qn/1/pi-1/notify/relay', '{"on-for": "300ms"}');
  await agent.hear({ verb: 'state', document: 'relay', value: true });
  agent.push({ id: '1', src: 'me', val: agent.value([relay.replace('A', 'B')]) });
  await agent.hear({ verb: 'ack', document: 'config', id: 1n, status: 'executing' });
  agent.broker.setWeather({ refusesConnects: true });
  agent.broker.drop();
  await expect.poll(() => agent.board.wire('B').holder, { timeout: 5_000 }).toBe('qn-agent');
  agent.broker.setWeather({ refusesConnects: false });
  expect((await agent.ending(1)).message).toMatchObject({ st: 'successful', val: { version: 1 } });
});

test('a retained push that has neither id nor version is taken once, and not at each connection', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  agent.push({ val: agent.value([relay, lamp]) }, true);
  await agent.hear({ verb: 'ack', document: 'config', status: 'successful' });
  const heardCount = agent.all.length;
  agent.broker.drop('pi-1');
  const isLater = (heard: Heard) => agent.all.indexOf(heard) >= heardCount;
  const again = await agent.hear({ verb: 'ack', document: 'config', status: 'successful', test: isLater });
  expect(again.message).toMatchObject({ val: { version: 1 } });
  agent.push({ val: agent.value([relay]) });
  await agent.hear({ verb: 'ack', document: 'config', status: 'successful', test: ({ bytes }) => isOf(2, bytes) });
  agent.push({ val: agent.value([relay]) }); // Not retained: somebody sent it again.
  await agent.hear({ verb: 'ack', document: 'config', status: 'successful', test: ({ bytes }) => isOf(3, bytes) });
});

function isOf(version: number, bytes: Uint8Array): boolean {
  return Buffer.from(bytes).includes(`"version":${version}`);
}
