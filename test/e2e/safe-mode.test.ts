import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { noBoots } from '../../agent/config/generations/boots.ts';
import { contentOf } from '../../agent/config/generations/generation.ts';
import { needBundle, startAgentProcess } from '../support/agent-process.ts';
import { statusOf } from '../support/heard.ts';
import { openRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';

beforeAll(needBundle);

/** As if each config had brought the agent down again and again. */
function giveUpConfigs({ folder }: Rig): void {
  const file = (name: string) => path.join(folder, 'state/config', `${name}.json`);
  const failed = ['active', 'previous'].map((name) =>
    contentOf(JSON.parse(readFileSync(file(name), 'utf8')).body.value),
  );
  writeFileSync(file('boots'), JSON.stringify({ ...noBoots, failed }));
}

async function startAgent(rig: Rig) {
  const heardCount = rig.listener.all.length;
  const agent = startAgentProcess(rig.configFile);
  await rig.hear({
    verb: 'health',
    test: (heard) => rig.listener.all.indexOf(heard) >= heardCount && statusOf(heard) !== 'offline',
  });
  return agent;
}

interface SafeRig extends AsyncDisposable {
  readonly rig: Rig;
  push(id: number, documents: object, status: 'successful' | 'failed'): Promise<void>;
}

/** A board whose agent is not started, and begins with the safe mode. */
async function openSafeRig(relay: string): Promise<SafeRig> {
  const rig = await openRig({
    documents: [relay],
    lines: ['GPIO17', 'GPIO18'],
    sections: 'config: { trust: none }',
  });
  const push: SafeRig['push'] = async (id, documents, status) => {
    const val = { documents };
    const message = { id: `${id}`, val, base: id - 1, ver: id, vc: { unsigned: id } };
    await rig.say('notify/config', JSON.stringify(message));
    await rig.hear({ verb: 'ack', document: 'config', id: BigInt(id), status }, 60_000);
  };
  {
    await using _agent = await startAgent(rig);
    await push(1, { 'gpio.new': { driver: 'gpio-out', line: 'GPIO18' } }, 'successful');
  }
  giveUpConfigs(rig);
  return { rig, push, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

test('the longest time on of an output is kept in the safe mode, which has no documents', async () => {
  const limited = 'gpio.relay: { driver: gpio-out, line: GPIO17, max-on: 3s, safe: { crash: hold, config-error: on } }';
  await using board = await openSafeRig(limited);
  const { rig, push } = board;
  await using _safe = await startAgent(rig);
  expect(rig.wire('GPIO17')).toBe('1');
  await until(() => rig.wire('GPIO17') === '0', 'the end of its time', 15_000);
  await push(2, { 'gpio.new': null }, 'successful');
});

test('a config that fails in the safe mode does not take away what the next one goes by', async () => {
  await using board = await openSafeRig('gpio.relay: { driver: gpio-out, line: GPIO17, safe: { config-error: on } }');
  const { rig, push } = board;
  {
    await using _safe = await startAgent(rig);
    expect(rig.wire('GPIO17')).toBe('1');
    await push(2, { 'gpio.bad': { driver: 'gpio-out', line: 'GPIO99' } }, 'failed');
  }
  writeFileSync(path.join(rig.board, 'GPIO17/value'), '0\n');
  await using _next = await startAgent(rig);
  expect(rig.wire('GPIO17')).toBe('1');
});
