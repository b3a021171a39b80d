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

const relay = 'gpio.relay: { driver: gpio-out, line: GPIO17, max-on: 3s, safe: { crash: hold, config-error: on } }';

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

test('the longest time on of an output is kept in the safe mode, which has no documents', async () => {
  await using rig = await openRig({
    documents: [relay],
    lines: ['GPIO17', 'GPIO18'],
    sections: 'config: { trust: none }',
  });
  const push = async (id: number, documents: object) => {
    const val = { documents };
    await rig.say('notify/config', JSON.stringify({ id: `${id}`, val, base: id - 1, ver: id, vc: { unsigned: id } }));
    await rig.hear({ verb: 'ack', document: 'config', id: BigInt(id), status: 'successful' }, 60_000);
  };
  {
    await using _agent = await startAgent(rig);
    await push(1, { 'gpio.new': { driver: 'gpio-out', line: 'GPIO18' } });
  }
  giveUpConfigs(rig);
  await using _safe = await startAgent(rig);
  expect(rig.wire('GPIO17')).toBe('1');
  await until(() => rig.wire('GPIO17') === '0', 'the end of its time', 15_000);
  await push(2, { 'gpio.new': null });
});
