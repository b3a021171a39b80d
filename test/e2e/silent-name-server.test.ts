import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { distFolder, needBundle, startProgram } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { until } from '../support/until.ts';

const isMissing = spawnSync('unshare', ['--mount', '--net', 'ip', 'link', 'set', 'lo', 'up']).status !== 0;
const name = isMissing ? ' (no network namespaces)' : '';

/** Hears each question, and answers none. */
const nameServer = `
const server = require('node:dgram').createSocket('udp4');
server.on('message', () => console.log('asked'));
server.bind(53, '127.0.0.1', () => console.log('there'));`;

beforeAll(needBundle);

test.skipIf(isMissing)(
  `SIGTERM ends an agent whose name server is silent, with the outputs at exit${name}`,
  { timeout: 60_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(path.join(tmpdir(), 'qn-names-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const [board, configFile] = [path.join(folder, 'board'), path.join(folder, 'config.yaml')];
    createSimulatedBoard(board, ['GPIO17']);
    const documents = ['relay1: { driver: gpio-out, line: GPIO17, safe: { boot: on, exit: off } }'];
    const state = path.join(folder, 'state');
    await writeFile(configFile, configText({ url: 'mqtt://broker.example', board, state, documents }));
    const resolver = path.join(folder, 'resolv.conf');
    await writeFile(resolver, 'nameserver 127.0.0.1\noptions timeout:10 attempts:3\n');

    const apart = `ip link set lo up && mount --bind ${resolver} /etc/resolv.conf && exec ${process.execPath} -e "$0"`;
    const server = stack.use(startProgram('unshare', ['--mount', '--net', 'sh', '-c', apart, nameServer]));
    await until(() => server.out.includes('there'), 'the name server', 15_000);
    const agentProgram = [process.execPath, path.join(distFolder, 'qn-agent.cjs'), 'run', '--config', configFile];
    const agent = stack.use(startProgram('nsenter', ['-t', String(server.pid), '--mount', '--net', ...agentProgram]));
    await until(() => server.out.includes('asked'), 'a question', 15_000);
    const level = () => readFileSync(path.join(board, 'GPIO17', 'value'), 'utf8').trim();
    await until(() => level() === '1', 'the relay on', 15_000);
    // To systemd as good as code 0. The answer is waited for 30 s.
    expect(await agent.end('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
    expect(level()).toBe('0');
  },
);
