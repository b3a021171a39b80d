import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { startAedes } from '../support/aedes.ts';
import { needBundle, startAgentProcess } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { openListener } from '../support/heard.ts';

/** The board in a process of its own, at a broker that lets it hear nothing of what `denies` says. */
async function startDeaf(denies: (filter: string) => boolean, documents: readonly string[]) {
  await needBundle();
  const stack = new AsyncDisposableStack();
  const broker = stack.use(await startAedes(denies));
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-deaf-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, ['GPIO17', 'GPIO22']);
  const configFile = path.join(folder, 'config.yaml');
  const state = path.join(folder, 'state');
  const sections = `http: { socket: ${folder}/http.sock }\nhealth: { interval: 1s }`;
  const url = `mqtt://127.0.0.1:${broker.port}`;
  await writeFile(configFile, configText({ url, board, state, documents, sections }));
  const listener = stack.use(await openListener(broker.port, '#', { protocolVersion: 4 }));
  const agent = startAgentProcess(configFile);
  stack.defer(async () => void (await agent.end('SIGKILL')));
  return { listener, socket: path.join(folder, 'http.sock'), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

it('a board that may not hear its commands says so in its health', async () => {
  await using rig = await startDeaf(
    (filter) => filter.endsWith('/notify/+'),
    ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
  );
  const { message } = await rig.listener.hear({ verb: 'health', document: 'agent' }, 15_000);
  const refused = expect.stringContaining('refused the subscription to "qn/1/pi-1/notify/+"');
  expect(message.val).toMatchObject({ status: 'online', warnings: expect.arrayContaining([refused]) });
  const { status, body } = await get(rig.socket, '/debug/health');
  expect([status, JSON.parse(body).checks[0]]).toMatchObject([503, { id: 'broker', ok: false, detail: refused }]);
});

it('a connection for emergency documents that may not hear them is none', async () => {
  await using rig = await startDeaf(
    (filter) => filter.endsWith('/notify/gpio.stop'),
    ['gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }'],
  );
  const emergency = { state: 'down', trouble: expect.stringContaining('refused the subscription') };
  const isTried = ({ message }: { message: { val?: unknown } }) => JSON.stringify(message.val).includes('refused the');
  const { message } = await rig.listener.hear({ verb: 'health', document: 'agent', test: isTried }, 15_000);
  expect(message.val).toMatchObject({
    link: { emergency },
    warnings: expect.not.arrayContaining([expect.stringContaining('refused')]),
  });
  await rig.listener.say('qn/1/pi-1/notify/gpio.stop', 'ON');
  await rig.listener.hear({ verb: 'ack', document: 'gpio.stop', status: 'successful' });
  const { status, body } = await get(rig.socket, '/debug/health');
  expect([status, JSON.parse(body).checks[1]]).toMatchObject([503, { id: 'broker.emergency', ok: false }]);
});

async function get(socketPath: string, page: string): Promise<{ status: number | undefined; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ socketPath, path: page }, resolve).once('error', reject).end();
  const response = await promise;
  return { status: response.statusCode, body: await text(response) };
}
