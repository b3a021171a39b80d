import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { type Rig, startRig } from '../support/rig.ts';

async function openFleet() {
  const documents = ['gpio.lamp: { driver: gpio-out, line: GPIO17 }'];
  const sections = 'groups: [line-1]\nconfig: { trust: none, verify: 5s }';
  const rig = await startRig({ documents, lines: ['GPIO17'], sections });
  await rig.hear({ verb: 'state', document: 'config' });
  const patch = path.join(rig.folder, 'patch.yaml');
  await writeFile(patch, 'health: { interval: 33s }\n');
  const retain = (topic: string, payload: string) => rig.listener.say(topic, payload, { qos: 1, retain: true });
  return {
    rig,
    patch,
    /** A board of which the broker has its health alone. */
    tellHealth: (node: string, status: string) =>
      retain(`qn/1/${node}/health/agent`, JSON.stringify({ t: 'health', val: { status, boot: '1' } })),
    loseConfig: () => retain('qn/1/pi-1/state/config', ''),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

function qnctl({ broker }: Rig, ...args: readonly string[]) {
  return runProgram('qnctl', ['config', ...args, '--url', broker.url, '--timeout', '2s']);
}

test('a push to all names the boards whose config nobody knows, and is no full success', {
  timeout: 120_000,
}, async () => {
  await using fleet = await openFleet();
  await fleet.tellHealth('pi-2', 'online'); // An agent that does not answer.
  await fleet.tellHealth('pi-3', 'offline'); // A last will is all that is left.
  const pushed = await qnctl(fleet.rig, 'push', '@all', fleet.patch, '--patch');
  expect([pushed.code, pushed.out.split('\n'), pushed.err]).toEqual([
    69,
    [
      expect.stringMatching(/^pi-2 {2}unasked {2}it did not tell its config when asked, .*qnctl query pi-2 config/),
      expect.stringMatching(/^pi-3 {2}unasked {2}it is offline, and the broker has no state\/config of it, /),
      'pi-1  successful; version 1 runs',
      '1 took it, 0 did not, 2 were not asked',
      '',
    ],
    '',
  ]);
  const back = await qnctl(fleet.rig, 'rollback', '@all', '--json');
  const told = back.out.trim().split('\n');
  expect([back.code, told.map((line): unknown => JSON.parse(line))]).toMatchObject([
    69,
    [
      { node: 'pi-2', status: 'unasked', detail: expect.stringContaining('did not tell its config') },
      { node: 'pi-3', status: 'unasked', detail: expect.stringContaining('push again when it is back') },
      { node: 'pi-1', status: 'successful', version: 2 },
      { successful: 1, failed: 0, unanswered: 0, untouched: 2 },
    ],
  ]);
  const sent = fleet.rig.listener.all.filter(({ verb, target }) => verb === 'notify' && target !== 'pi-1');
  expect(sent).toEqual([]);
  const looked = await qnctl(fleet.rig, 'history', '@all');
  expect([looked.code, looked.out, looked.err]).toEqual([64, '', expect.stringContaining('@all is 3')]);
  const one = await qnctl(fleet.rig, 'push', 'pi-3', fleet.patch, '--patch');
  expect([one.code, one.err]).toEqual([69, expect.stringMatching(/pi-3 has not told its config .*\n.*it is offline/)]);
});

test('a board whose config the broker has lost is asked for it, and takes a push like the others', {
  timeout: 120_000,
}, async () => {
  await using fleet = await openFleet();
  const options = ['--patch', '--canary', '100%', '--wait', '100ms'];
  for (const [index, target] of ['@all', '@line-1', 'pi-1'].entries()) {
    await fleet.loseConfig();
    await writeFile(fleet.patch, `health: { interval: ${40 + index}s }\n`);
    const pushed = await qnctl(fleet.rig, 'push', target, fleet.patch, ...options);
    expect([pushed.code, pushed.out, pushed.err]).toEqual([0, `pi-1  successful; version ${index + 1} runs\n`, '']);
  }
  await fleet.loseConfig();
  const snapshot = await qnctl(fleet.rig, 'snapshot', 'pi-1');
  expect([snapshot.code, snapshot.out]).toEqual([0, expect.stringContaining('interval: 42s')]);
});

test('boards that are away hold up neither the canaries nor the others, and are named', {
  timeout: 120_000,
}, async () => {
  await using fleet = await openFleet();
  const { rig, patch } = fleet;
  const retain = (below: string, message: object) =>
    rig.listener.say(`qn/1/${below}`, JSON.stringify(message), { qos: 1, retain: true });
  for (const node of ['pi-0', 'pi-2'])
    await retain(`${node}/state/config`, { t: 'snapshot', val: { version: 0, vc: {}, hash: 'x', config: {} } });
  await fleet.tellHealth('pi-0', 'offline');
  // Its broker lost power together with it: the last will was never said.
  const val = { status: 'online', boot: '1', interval_s: 60 };
  await retain('pi-2/health/agent', { t: 'health', val, ts: Date.now() - 600_000, clk: 'synced' });
  const canary = ['--canary', '1%', '--wait', '1s'];
  const pushed = await qnctl(rig, 'push', '@all', patch, '--patch', ...canary);
  expect([pushed.code, pushed.out.split('\n'), pushed.err]).toEqual([
    69,
    [
      'pi-1  successful; version 1 runs',
      expect.stringMatching(/^pi-0 {2}unasked {2}it is offline; .*--retain$/),
      expect.stringMatching(/^pi-2 {2}unasked {2}it does not answer, and its last report is old; .*--retain$/),
      '1 took it, 0 did not, 2 were not asked',
      '',
    ],
    '',
  ]);
  const told = async (command: readonly string[]) =>
    (await qnctl(rig, 'push', '@all', patch, '--patch', '--json', ...command)).out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  expect((await told([])).at(-1)).toEqual({ successful: 1, failed: 0, unanswered: 0, untouched: 2 });
  expect(rig.listener.all.filter(({ verb, target }) => verb === 'notify' && target !== 'pi-1')).toEqual([]);
  const kept = await qnctl(rig, 'push', '@all', patch, '--patch', '--retain');
  expect([kept.code, kept.out]).toMatchObject([
    0,
    expect.stringMatching(/^pi-0 {2}kept {2}.*\npi-2 {2}kept {2}it does not answer.*\npi-1 .*\n3 took it/),
  ]);
});
