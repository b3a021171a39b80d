import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { type Heard, statusOf } from '../support/heard.ts';
import { type Rig, startRig } from '../support/rig.ts';

const documents = ['gpio.kept: { driver: gpio-out, line: GPIO17 }', 'gpio.moved: { driver: gpio-out, line: GPIO18 }'];

async function openBoard(): Promise<Rig> {
  const sections = 'groups: [line-1]\nconfig: { trust: none, verify: 5s }';
  const rig = await startRig({ documents, lines: ['GPIO17', 'GPIO18', 'GPIO19'], sections });
  await rig.hear({ verb: 'state', document: 'config' });
  return rig;
}

function qnctl(rig: Rig, ...args: readonly string[]) {
  return runProgram('qnctl', ['config', ...args, '--url', rig.broker.url, '--timeout', '10s']);
}

test('a config is planned, pushed, looked at and rolled back over the air', { timeout: 120_000 }, async () => {
  await using rig = await openBoard();
  const patch = path.join(rig.folder, 'patch.yaml');
  await writeFile(patch, 'documents: { gpio.moved: { line: GPIO19 } }\n');

  const planned = await qnctl(rig, 'plan', 'pi-1', patch, '--patch');
  expect([planned.code, planned.out]).toEqual([
    0,
    'document  gpio.moved: is closed and opened again\npin       GPIO19 (gpio.moved): not driven → low\n',
  ]);
  const other = path.join(rig.folder, 'other.yaml');
  await writeFile(other, 'node: pi-9\n');
  const unfit = await qnctl(rig, 'plan', 'pi-1', other, '--patch');
  expect([unfit.code, unfit.out]).toMatchObject([
    1,
    expect.stringMatching(/^refused   node cannot change while the agent runs$/m),
  ]);
  const differs = await qnctl(rig, 'diff', 'pi-1', patch, '--patch');
  expect([differs.code, differs.out]).toEqual([0, '~ /documents/gpio.moved/line: "GPIO18" → "GPIO19"\n']);

  const pushed = await qnctl(rig, 'push', '@line-1', patch, '--patch', '--canary', '100%', '--wait', '500ms');
  expect([pushed.code, pushed.out, pushed.err]).toEqual([0, 'pi-1  successful; version 1 runs\n', '']);
  await rig.say('notify/gpio.moved', 'ON');
  await rig.hear({ verb: 'state', document: 'gpio.moved', value: true });
  expect([rig.wire('GPIO18'), rig.wire('GPIO19')]).toEqual(['0', '1']);

  const snapshot = path.join(rig.folder, 'snapshot.yaml');
  expect((await qnctl(rig, 'snapshot', 'pi-1', snapshot)).code).toBe(0);
  expect(await readFile(snapshot, 'utf8')).toContain('line: GPIO19');

  const back = await qnctl(rig, 'rollback', 'pi-1', '--json');
  expect([back.code, JSON.parse(back.out.split('\n')[0] ?? '')]).toMatchObject([
    0,
    { node: 'pi-1', status: 'successful', version: 2 },
  ]);
  const history = await qnctl(rig, 'history', 'pi-1');
  expect(history.out).toMatch(
    /^version 1 {2}push by unsigned .*successful\nversion 2 {2}rollback by unsigned .*successful\nversion 2 of unsigned runs\n$/,
  );

  const shown = await runProgram('qn-agent', ['config', 'show', '--config', rig.configFile]);
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('line: GPIO18')]);
  const kept = await runProgram('qn-agent', ['config', 'history', '--config', rig.configFile, '--json']);
  expect(kept.out.trim().split('\n')).toHaveLength(2);
});

test('a file that is no config is told by its name, before anybody is asked', { timeout: 60_000 }, async () => {
  await using rig = await startRig({ documents: [], lines: [] });
  const file = path.join(rig.folder, 'latin-1.yaml');
  await writeFile(file, 'documents: { oven: { unit-of-measure: °C } }\n', 'latin1');
  const push = (name: string) => runProgram('qnctl', ['config', 'push', 'pi-1', name, '--patch']);
  expect(await push(file)).toMatchObject({ code: 78, err: `${file}:1: not UTF-8 (save it as UTF-8)\n` });
  const missing = path.join(rig.folder, 'no.yaml');
  expect(await push(missing)).toMatchObject({ code: 78, err: `${missing}: no such file\n` });
  expect(await push(rig.folder)).toMatchObject({ code: 78, err: `${rig.folder}: not a regular file\n` });
});

test('a config that does not prove itself is told with its rollback, and what cannot be is told at once', {
  timeout: 120_000,
}, async () => {
  await using rig = await openBoard();
  const patch = path.join(rig.folder, 'patch.yaml');
  await writeFile(patch, 'documents: { gpio.moved: { line: GPIO99 } }\n');
  const failed = await qnctl(rig, 'push', 'pi-1', patch, '--patch');
  expect(failed.code).toBe(1);
  expect(failed.out).toMatch(/^pi-1 {2}failed {2}self-test-failed: .*GPIO99.*rollback: restored; version 0 runs\n/);
  const part = await qnctl(rig, 'push', '@line-1', patch);
  expect([part.code, part.out, part.err]).toEqual([
    1,
    expect.stringContaining('mqtt is missing'),
    expect.stringContaining('push it with --patch'),
  ]);
  const named = await qnctl(rig, 'push', '@line-1', rig.configFile);
  expect([named.code, named.err]).toEqual([64, expect.stringContaining('take node: out of it')]);
  const much = await qnctl(rig, 'push', '@line-1', patch, '--patch', '--parallel', '257');
  expect([much.code, much.err]).toEqual([64, expect.stringContaining('--parallel is a number of nodes from 1 to 256')]);
  const nobody = await qnctl(rig, 'push', '@line-9', patch, '--patch', '--parallel', '256');
  expect([nobody.code, nobody.err]).toEqual([69, expect.stringContaining('no node of @line-9')]);
});

test('a push to a group reaches a node whose config is too large to be told, and names those that may be of it', {
  timeout: 120_000,
}, async () => {
  const places = Array.from({ length: 60 }, (_, index) => `gpio.long-name-of-a-line-${index}`);
  const large = places.map((name, index) => `${name}: { driver: gpio-in, line: LINE${index} }`);
  const lines = places.map((_, index) => `LINE${index}`);
  const sections = 'groups: [line-1]\npool: { profile: tiny }\nconfig: { trust: none, verify: 5s }';
  await using rig = await startRig({ documents: large, lines, sections });
  const told = await rig.hear({ verb: 'state', document: 'config' });
  expect(told.message).toMatchObject({ val: { config: null, groups: ['line-1'] } });
  const patch = path.join(rig.folder, 'patch.yaml');
  await writeFile(patch, 'health: { interval: 33s }\n');
  const pushed = await qnctl(rig, 'push', '@line-1', patch, '--patch');
  expect([pushed.code, pushed.out, pushed.err]).toEqual([0, 'pi-1  successful; version 1 runs\n', '']);

  const val = { version: 3, vc: {}, hash: 'x', author: 'me', config: null, config_bytes: 9_999, history: [] };
  const silent = JSON.stringify({ t: 'snapshot', doc: 'config', ver: 1, ep: '1', val });
  await rig.listener.say('qn/1/pi-2/state/config', silent, { qos: 1, retain: true });
  const some = await qnctl(rig, 'push', '@line-1', patch, '--patch');
  expect([some.code, some.out]).toEqual([
    69,
    expect.stringMatching(
      /^pi-2 {2}unasked {2}its config does not fit .*name it itself\npi-1 {2}successful.*\n1 took it, 0 did not, 1 were not asked\n$/,
    ),
  ]);
  const none = await qnctl(rig, 'push', '@line-9', patch, '--patch');
  expect([none.code, none.err]).toEqual([69, expect.stringMatching(/no node of @line-9 .*\n.*pi-2: its config does/)]);
});

test('a config that the broker keeps is taken by a board that was away, and gives way to a newer one', {
  timeout: 120_000,
}, async () => {
  await using rig = await openBoard();
  await rig.agent.end('SIGTERM');
  await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
  const patch = path.join(rig.folder, 'patch.yaml');
  await writeFile(patch, 'documents: { gpio.moved: { line: GPIO19 } }\n');
  const kept = await qnctl(rig, 'push', 'pi-1', patch, '--patch', '--retain');
  expect([kept.code, kept.out]).toEqual([
    0,
    'pi-1  kept  it is offline, and takes it when it is back; the broker keeps it for this node\n',
  ]);
  await rig.start();
  const taken = await rig.hear({ verb: 'ack', document: 'config', status: 'successful' });
  expect(taken.message).toMatchObject({ val: { version: 1 } });
  await rig.say('notify/gpio.moved', 'ON');
  await rig.hear({ verb: 'state', document: 'gpio.moved', value: true });
  expect(rig.wire('GPIO19')).toBe('1');

  await writeFile(patch, 'health: { interval: 30s }\n');
  const newer = await qnctl(rig, 'push', 'pi-1', patch, '--patch');
  expect([newer.code, newer.out]).toEqual([0, 'pi-1  successful; version 2 runs; the broker keeps it for this node\n']);
  await rig.agent.end('SIGTERM');
  const heardCount = rig.listener.all.length;
  await rig.start();
  const isLater = (heard: Heard) => rig.listener.all.indexOf(heard) >= heardCount;
  const again = await rig.hear({ verb: 'ack', document: 'config', test: isLater });
  expect(again.message).toMatchObject({ st: 'duplicate', val: { status: 'successful' } }); // Not refused as an older one.
});
