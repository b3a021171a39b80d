import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IClientPublishOptions } from 'mqtt';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { codeOf } from '../../drivers/system-error.ts';
import { needBundle, startAgentProcess, type TestProcess } from './agent-process.ts';
import { configText } from './config-text.ts';
import { type Heard, type Listener, openListener, statusOf } from './heard.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';

export interface RigOptions {
  /** The section below `documents:`, one entry each. */
  readonly documents: readonly string[];
  /** Lines of the simulated board. */
  readonly lines?: readonly string[];
  /** More sections of the config. */
  readonly sections?: string;
  /** Below `mqtt:`, as `key: value`. */
  readonly mqtt?: readonly string[];
  /** What the listener subscribes to; everything, if not said otherwise. */
  readonly listensTo?: string;
  /** More lines of mosquitto.conf. */
  readonly brokerConfig?: readonly string[];
  /** Of Node.js, before the bundle. */
  readonly nodeArguments?: readonly string[];
}

/** The whole in processes of their own: a real broker, the agent from the bundle, and the wires seen from outside. */
export interface Rig extends AsyncDisposable {
  readonly broker: Mosquitto;
  readonly folder: string;
  readonly board: string;
  readonly configFile: string;
  readonly agent: TestProcess;
  /** Over MQTT 5, subscribed before the agent started. */
  readonly listener: Listener;
  readonly hear: Listener['hear'];
  /** Starts the agent, again if it ended, and waits for its birth. */
  start(): Promise<Heard>;
  /** Below the topics of node `pi-1`: `notify/gpio.relay1`. */
  say(below: string, payload: string | Uint8Array, options?: IClientPublishOptions): Promise<void>;
  /** The level on the wire. */
  wire(line: string): string;
  /** How often the driven level of the line changed. */
  transitionCount(line: string): number;
}

export async function openRig(options: RigOptions): Promise<Rig> {
  await needBundle();
  const stack = new AsyncDisposableStack();
  const broker = stack.use(await startMosquitto({ config: () => options.brokerConfig ?? [] }));
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-rig-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, options.lines ?? []);
  const configFile = path.join(folder, 'config.yaml');
  await writeFile(configFile, configText({ ...options, url: broker.url, board, state: path.join(folder, 'state') }));
  const listener = stack.use(await openListener(broker.port, options.listensTo));
  let agent: TestProcess | undefined;
  stack.defer(async () => void (await agent?.end('SIGKILL')));
  return {
    broker,
    folder,
    board,
    configFile,
    listener,
    hear: listener.hear,
    get agent() {
      if (agent === undefined) throw new Error('the agent was not started');
      return agent;
    },
    async start() {
      agent = startAgentProcess(configFile, { nodeArguments: options.nodeArguments ?? [] });
      return await listener.hear({ verb: 'health', test: (heard) => statusOf(heard) !== 'offline' }, 15_000);
    },
    say: (below, payload, more) => listener.say(`qn/1/pi-1/${below}`, payload, more),
    wire: (line) => readFileSync(path.join(board, line, 'value'), 'utf8').trim(),
    transitionCount: (line) => countLines(path.join(board, line, 'log')),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Like `openRig`, with the agent up and its first snapshots told, of which `channels` is the last. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const rig = await openRig(options);
  try {
    await rig.start();
    if (options.listensTo === undefined) await rig.hear({ verb: 'state', document: 'channels' });
    return rig;
  } catch (error) {
    await rig[Symbol.asyncDispose]();
    throw error;
  }
}

/** One line per change of the driven level; no file while there was none. */
function countLines(file: string): number {
  try {
    return readFileSync(file, 'utf8').split('\n').length - 1;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
