import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe } from 'vitest';
import type { RealBroker } from './link-rigs.ts';
import { freePort } from './ports.ts';

/** Everybody may connect who gives one; ejabberd takes nobody without a name at one of its hosts. */
export const ejabberdUser = { username: 'pi-1@localhost', password: 'any' } as const;

export const hasEjabberd = existsSync('/usr/sbin/ejabberdctl') && existsSync('/usr/bin/erl');

/** Listed, and skipped with the reason, where there is no ejabberd. */
export function describeWithEjabberd(title: string, body: () => void): void {
  const reason = '(skipped: no ejabberd here, apt-get install ejabberd)';
  describe.skipIf(!hasEjabberd)(hasEjabberd ? title : `${title} ${reason}`, body);
}

/** A real ejabberd of this test, which speaks MQTT 5, in a folder of its own and without a name in the Erlang world. */
export async function startEjabberd(): Promise<RealBroker> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'ejabberd-'));
  await writeFile(join(folder, 'ejabberd.yml'), configText(port));
  let child = await run(folder, port);

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  return {
    port,
    stop,
    async start() {
      child = await run(folder, port);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configText(port: number): string {
  return `hosts: [localhost]
loglevel: warning
auth_method: anonymous
anonymous_protocol: login_anon
allow_multiple_connections: true
listen:
  - { port: ${port}, ip: "127.0.0.1", module: mod_mqtt }
modules:
  mod_mqtt:
    access_publish: { "#": [{ allow: all }] }
    access_subscribe: { "#": [{ allow: all }] }
`;
}

async function run(folder: string, port: number): Promise<ChildProcess> {
  const env = {
    ...process.env,
    HOME: folder,
    ERL_LIBS: await erlangLibraries(),
    EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
    EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
  };
  const args = ['-noshell', '-noinput', '-mnesia', 'dir', JSON.stringify(join(folder, 'spool')), '-s', 'ejabberd'];
  const child = spawn('/usr/bin/erl', args, { cwd: folder, env, stdio: 'ignore' }); // Where it leaves a dump when it dies.
  const killOnExit = () => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  child.once('exit', () => process.off('exit', killOnExit));
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`ejabberd ended with ${child.exitCode}`);
    await pause(50);
  }
  return child;
}

/** Debian keeps them in a folder with the name of the machine in it. */
async function erlangLibraries(): Promise<string> {
  const names = await readdir('/usr/lib');
  return names
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => `/usr/lib/${name}`)
    .join(':');
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
