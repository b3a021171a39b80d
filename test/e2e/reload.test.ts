import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { type Heard, statusOf } from '../support/heard.ts';
import { openRig, type Rig, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const lines = ['GPIO17', 'GPIO18', 'GPIO19'];
const documents = [
  'gpio.kept: { driver: gpio-out, line: GPIO17 }',
  'gpio.moved: { driver: gpio-out, line: GPIO18, safe: { exit: hold } }',
];

async function switchOn(rig: Rig, document: string): Promise<void> {
  await rig.say(`notify/${document}`, 'ON');
  await rig.hear({ verb: 'state', document, value: true });
}

/** The config of the rig with something else in it, in a file beside it. */
async function writeNext(rig: Rig, change: (text: string) => string): Promise<string> {
  const file = path.join(rig.folder, 'next.yaml');
  await writeFile(file, change(await readFile(rig.configFile, 'utf8')));
  return file;
}

function reload(rig: Rig, ...args: readonly string[]) {
  return runProgram('qnctl', ['reload', '--socket', path.join(rig.folder, 'state', 'control.sock'), ...args]);
}

test('a file that is not there is told by its name, not as an agent that does not run', async () => {
  const { code, out, err } = await runProgram('qnctl', ['reload', '/nowhere/confg.yaml']);
  expect([code, out, err]).toEqual([78, '', '/nowhere/confg.yaml: no such file\n']);
});

test('a reload touches only what changed, and holds over a restart', { timeout: 60_000 }, async () => {
  await using rig = await startRig({ documents, lines });
  await switchOn(rig, 'gpio.kept');
  await switchOn(rig, 'gpio.moved');
  const count = rig.transitionCount('GPIO17');
  const next = await writeNext(rig, (text) => text.replace('GPIO18', 'GPIO19'));

  const planned = await reload(rig, next, '--dry-run');
  expect([planned.code, planned.out]).toEqual([
    0,
    'document  gpio.moved: is closed and opened again\npin       GPIO19 (gpio.moved): not driven → low\nplanned; version 0 runs\n',
  ]);
  expect(rig.wire('GPIO18')).toBe('1');

  const done = await reload(rig, next, '--json');
  expect([done.code, JSON.parse(done.out)]).toMatchObject([0, { status: 'successful', version: 1 }]);
  expect([rig.transitionCount('GPIO17'), rig.wire('GPIO17')]).toEqual([count, '1']);
  await switchOn(rig, 'gpio.moved');
  expect(rig.wire('GPIO19')).toBe('1');

  await rig.agent.end('SIGTERM');
  const heardCount = rig.listener.all.length;
  await rig.start();
  const isLater = (heard: Heard) => rig.listener.all.indexOf(heard) >= heardCount;
  const told = await rig.hear({ verb: 'state', document: 'config', test: isLater });
  await switchOn(rig, 'gpio.moved');
  expect(rig.wire('GPIO19')).toBe('1');
  expect(told.message).toMatchObject({ val: { version: 1, origin: 'reload', author: 'local' } });
});

test('a dry run of what would be refused ends as the change itself', async () => {
  await using rig = await startRig({ documents, lines });
  const elsewhere = await writeNext(rig, (text) => text.replace('node: pi-1', 'node: pi-9'));
  const unfit = await reload(rig, elsewhere, '--dry-run');
  expect(unfit.out).toMatch(/^rejected: incompatible: node cannot change .*; version 0 runs$/m);
  expect([unfit.code, unfit.out]).toEqual([1, (await reload(rig, elsewhere)).out]);
});

test('a file with faults changes nothing; SIGHUP takes the config file when it is mended', {
  timeout: 60_000,
}, async () => {
  await using rig = await startRig({ documents, lines });
  const faulty = await writeNext(rig, (text) => text.replace('GPIO18', 'GPIO17'));
  const refused = await reload(rig, faulty);
  expect(refused.code).toBe(78);
  expect(refused.out).toContain('line GPIO17 is taken by gpio.kept');

  const text = await readFile(rig.configFile, 'utf8');
  await writeFile(rig.configFile, text.replace('GPIO18', 'GPIO19'));
  process.kill(rig.agent.pid, 'SIGHUP');
  await rig.hear({ verb: 'state', document: 'config', test: ({ bytes }) => Buffer.from(bytes).includes('GPIO19') });
  await switchOn(rig, 'gpio.moved');
  expect(rig.wire('GPIO19')).toBe('1');
  expect(rig.agent.out + rig.agent.err).toBe('');
});

test('SIGHUP that comes before the agent is ready is obeyed when it is', { timeout: 60_000 }, async () => {
  await using rig = await openRig({ documents, lines });
  const started = rig.start();
  await until(() => existsSync(path.join(rig.board, 'GPIO17', 'consumer')), 'the board', 10_000);
  await writeFile(rig.configFile, (await readFile(rig.configFile, 'utf8')).replace('GPIO18', 'GPIO19'));
  process.kill(rig.agent.pid, 'SIGHUP');
  await started;
  await rig.hear({ verb: 'state', document: 'config', test: ({ bytes }) => Buffer.from(bytes).includes('GPIO19') });
});

test('a broker that is not there brings the old one back', { timeout: 60_000 }, async () => {
  await using rig = await startRig({ documents, lines });
  await switchOn(rig, 'gpio.kept');
  const count = rig.transitionCount('GPIO17');
  const next = await writeNext(rig, (text) =>
    text.replace(/url: .*/, 'url: mqtt://127.0.0.1:1').replace('documents:', 'config: { verify: 2s }\ndocuments:'),
  );
  const failed = await reload(rig, next, '--json');
  expect([failed.code, JSON.parse(failed.out)]).toMatchObject([
    1,
    { status: 'failed', reason: 'rolled-back', rollback: 'restored', version: 0 },
  ]);
  await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'online' });
  expect([rig.transitionCount('GPIO17'), rig.wire('GPIO17')]).toEqual([count, '1']);
});

test('SIGTERM ends a reload that waits, and waits for no client that does not hang up', {
  timeout: 60_000,
}, async () => {
  await using rig = await startRig({ documents, lines });
  const next = await writeNext(rig, (text) => text.replace('GPIO18', 'GPIO19'));
  const socket = path.join(rig.folder, 'state', 'control.sock');
  await expect.poll(() => existsSync(socket), { timeout: 10_000 }).toBe(true);
  const client = connect({ path: socket, allowHalfOpen: true });
  client.write('{"do":"reload","isDryRun":true}\n');
  await once(client, 'data');
  await rig.say('notify/gpio.moved', '{"on-for": "50s"}');
  await rig.hear({ verb: 'state', document: 'gpio.moved', value: true });
  const waiting = reload(rig, next, '--json');
  const begun = path.join(rig.folder, 'state', 'config', 'change.json');
  await expect.poll(() => existsSync(begun), { timeout: 10_000 }).toBe(true);
  const atMs = performance.now();
  expect(await rig.agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(performance.now() - atMs).toBeLessThan(10_000); // systemd waits for 15 s.
  expect(JSON.parse((await waiting).out)).toMatchObject({ status: 'aborted' });
  client.destroy();
});
