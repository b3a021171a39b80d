import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { collect, publishOnce } from './mqtt-client.ts';
import { freePort } from './ports.ts';

export interface MosquittoOptions {
  readonly port?: number;
  /** Lines of mosquitto.conf; with `listener` among them they replace the plain listener. `folder` holds `files`. */
  readonly config?: (folder: string) => readonly string[];
  readonly files?: { readonly [name: string]: string };
  /** Names and passwords; without them everybody may connect. */
  readonly users?: { readonly [name: string]: string };
  /** Beside that of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A real mosquitto of this test, on the loopback, with a folder of its own. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Again, on the same port; resolves when it accepts connections. */
  start(): Promise<void>;
  /** In good order: it sends DISCONNECT where the version has it. */
  stop(): Promise<void>;
  /** As a power cut does. */
  kill(): Promise<void>;
  publish: BoundTo<typeof publishOnce>;
  collect: BoundTo<typeof collect>;
}

type BoundTo<Method> = Method extends (port: number, ...rest: infer Rest) => infer Answer
  ? (...rest: Rest) => Answer
  : never;

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const mosquittoPath = folders.map((folder) => join(folder, 'mosquitto')).find((path) => existsSync(path));

export const hasMosquitto = mosquittoPath !== undefined;

/** It forgets a SIGTERM that comes between its word that it runs and its loop. */
const signalAgainMs = 1_000;

/** Listed, and skipped with the reason, where there is no mosquitto. */
export function describeWithMosquitto(title: string, body: () => void): void {
  const reason = '(skipped: no mosquitto here, apt-get install mosquitto mosquitto-clients)';
  describe.skipIf(!hasMosquitto)(hasMosquitto ? title : `${title} ${reason}`, body);
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'mosquitto-'));
  const configPath = await writeConfig(folder, port, options);
  let child = await run(configPath, options.env);

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const again = setInterval(() => child.kill(signal), signalAgainMs);
    await exited;
    clearInterval(again);
  }

  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    async start() {
      child = await run(configPath, options.env);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    publish: (...rest) => publishOnce(port, ...rest),
    collect: (...rest) => collect(port, ...rest),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The real command line tools, from the package mosquitto-clients; what they print. */
export const mosquittoPub = (args: readonly string[]) => runTool('mosquitto_pub', args);
export const mosquittoSub = (args: readonly string[]) => runTool('mosquitto_sub', args);

async function runTool(name: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(name, args)).stdout;
}

async function writeConfig(folder: string, port: number, options: MosquittoOptions): Promise<string> {
  const { config = () => [], files = {}, users } = options;
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const lines = [...config(folder)];
  if (!lines.some((line) => line.startsWith('listener '))) lines.unshift(`listener ${port} 127.0.0.1`);
  if (process.getuid?.() === 0) lines.push('user root'); // or it becomes a user who cannot read the folder
  if (users === undefined) lines.push('allow_anonymous true');
  else lines.push('allow_anonymous false', `password_file ${await writePasswords(folder, users)}`);
  const path = join(folder, 'mosquitto.conf');
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

async function writePasswords(folder: string, users: { readonly [name: string]: string }): Promise<string> {
  const path = join(folder, 'passwords');
  await writeFile(
    path,
    Object.entries(users).map((pair) => `${pair.join(':')}\n`),
  );
  await runTool('mosquitto_passwd', ['-U', path]);
  return path;
}

/** Resolves when it says that it is running, which is after it listens. */
function run(configPath: string, env: MosquittoOptions['env']): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(mosquittoPath ?? 'mosquitto', ['-c', configPath], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    const killOnExit = () => child.kill('SIGKILL');
    process.once('exit', killOnExit);
    let said = '';
    child.stderr.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-4_096);
      if (said.includes(' running')) resolve(child);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('exit', killOnExit);
      reject(new Error(`mosquitto ended with ${code}: ${said}`));
    });
  });
}
