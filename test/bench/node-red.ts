import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { projectFolder, startScript } from '../support/agent-process.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { flowText, settingsText } from './node-red-settings.ts';
import type { Responder } from './responder.ts';
import { readStamps } from './wire-stamps.ts';

/** What somebody with a Raspberry Pi would take instead. Installed when it is needed for the first time, and kept. */
const wanted = 'node-red@5.0.7';
const installFolder = path.join(projectFolder, '.cache', 'node-red');
const installMsMax = 300_000;
const startMsMax = 60_000;

/**
 * Node-RED with one flow, an MQTT node and a function; see node-red-settings.ts. The reason, where it cannot be had.
 */
export async function startNodeRed(stack: AsyncDisposableStack, port: number): Promise<Responder | string> {
  const program = path.join(installFolder, 'node_modules', 'node-red', 'red.js');
  try {
    if (!existsSync(program)) await install();
  } catch (cause) {
    return `${wanted} cannot be installed: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`;
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-bench-node-red-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, ['GPIO17', 'GPIO27']);
  const below = 'qn/1/node-red/notify';
  const [probeTopic, bulkTopic] = [`${below}/gpio.stop`, `${below}/gpio.bulk`];
  const lines = { [probeTopic]: path.join(board, 'GPIO17'), [bulkTopic]: path.join(board, 'GPIO27') };
  const countFile = path.join(folder, 'count');
  await writeFile(path.join(folder, 'flows.json'), flowText(port, `${below}/+`));
  await writeFile(path.join(folder, 'settings.js'), settingsText({ uiPort: await freePort(), lines, countFile }));
  const child = stack.use(startScript(program, ['--userDir', folder], { hasUnitPriority: true }));
  await until(() => child.out.includes('Connected to broker'), 'Node-RED, connected', startMsMax);
  return {
    name: 'Node-RED',
    pid: child.pid,
    ...{ probeTopic, bulkTopic },
    stamps: () => readStamps(path.join(board, 'GPIO17', 'log')),
    async handledCount() {
      await rm(countFile, { force: true });
      process.kill(child.pid, 'SIGWINCH');
      await until(() => existsSync(countFile) && readFileSync(countFile, 'latin1') !== '', 'the count of Node-RED');
      return Number(readFileSync(countFile, 'latin1'));
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Without the scripts of packages: none of what is used needs one. */
async function install(): Promise<void> {
  await mkdir(installFolder, { recursive: true });
  await writeFile(path.join(installFolder, 'package.json'), '{"private": true}\n');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  await promisify(execFile)('npm', ['install', ...quiet, wanted], { cwd: installFolder, timeout: installMsMax });
}
