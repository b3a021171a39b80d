import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IClientOptions, IClientPublishOptions } from 'mqtt';
import { decodeAny } from '../../agent/cli/message-text.ts';
import type { Message, Value } from '../../agent/qn/message.ts';
import { parseTopic } from '../../agent/qn/topic.ts';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { needBundle, startAgentProcess, type TestProcess } from './agent-process.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { openMqttClient, type TestClient } from './rig-client.ts';

/** One message that somebody said, decoded. */
export interface Heard {
  readonly topic: string;
  /** `pi-1`, `ack`, `gpio.relay1`; empty for topics of others. */
  readonly target: string;
  readonly verb: string;
  readonly document: string;
  readonly message: Message;
  readonly bytes: Uint8Array;
  readonly retain: boolean;
  readonly correlation: string | undefined;
  readonly contentType: string | undefined;
}

export interface RigOptions {
  /** Below `documents:`, two blanks in front of each line. Text in capitals between braces names a part of `parts`. */
  readonly documents: string;
  /** Lines of the simulated board. */
  readonly lines?: readonly string[];
  /** More sections of the config. */
  readonly sections?: string;
  readonly node?: string;
}

/** The whole in processes of their own: a real broker, the agent from the bundle, and the wires seen from outside. */
export interface Rig extends AsyncDisposable {
  readonly broker: Mosquitto;
  readonly node: string;
  readonly folder: string;
  readonly configFile: string;
  readonly agent: TestProcess;
  /** Subscribed to everything before the agent started, over MQTT 5. */
  readonly client: TestClient;
  /** Starts the agent, again if it ended, and waits for its birth. */
  start(): Promise<Heard>;
  /** Below the node's topics: `notify/gpio.relay1`. */
  say(below: string, payload: string | Uint8Array, options?: IClientPublishOptions): Promise<void>;
  hear(what: Partial<Wanted>, deadlineMs?: number): Promise<Heard>;
  /** The level on the wire. */
  wire(line: string): string;
  /** How often the driven level of the line changed. */
  transitionCount(line: string): number;
}

export interface Wanted {
  readonly verb: string;
  readonly document: string;
  readonly topic: string;
  readonly status: string;
  readonly id: bigint;
  readonly value: Value;
  readonly test: (heard: Heard) => boolean;
}

export async function openRig(options: RigOptions): Promise<Rig> {
  await needBundle();
  const { node = 'pi-1' } = options;
  const stack = new AsyncDisposableStack();
  const broker = stack.use(await startMosquitto());
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-rig-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, options.lines ?? []);
  const configFile = path.join(folder, 'config.yaml');
  await writeFile(configFile, configText({ ...options, node, port: broker.port, board, folder }));
  const client = stack.use(await openMqttClient(broker.port));
  let agent: TestProcess | undefined;
  stack.defer(async () => void (await agent?.end('SIGKILL')));
  const hear = (what: Partial<Wanted>, deadlineMs?: number) =>
    client.next((heard) => isWanted(heard, what), deadlineMs);
  return {
    broker,
    node,
    folder,
    configFile,
    client,
    get agent() {
      if (agent === undefined) throw new Error('the agent was not started');
      return agent;
    },
    async start() {
      agent = startAgentProcess(configFile);
      return await hear({ verb: 'health', test: ({ message }) => statusOf(message) !== 'offline' }, 15_000);
    },
    say: (below, payload, more) => client.publish(`qn/1/${node}/${below}`, payload, more),
    hear,
    wire: (line) => readFileSync(path.join(board, line, 'value'), 'utf8').trim(),
    transitionCount: (line) => countLines(path.join(board, line, 'log')),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Like `openRig`, with the agent up. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const rig = await openRig(options);
  await rig.start();
  return rig;
}

/** `online` … of a health message. */
export function statusOf({ val }: Message): unknown {
  return fieldOf(val, 'status');
}

/** A field of a value that is a map; undefined where there is none. */
export function fieldOf(value: Value | undefined, name: string): Value | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

export function hear(
  topic: string,
  bytes: Uint8Array,
): Pick<Heard, 'target' | 'verb' | 'document' | 'message'> | undefined {
  const decoded = decodeAny(bytes, Date.now());
  const { target = '', verb = '', document = '' } = parseTopic('qn/1', topic) ?? {};
  return decoded.ok ? { target, verb, document, message: decoded.value } : undefined;
}

function isWanted(heard: Heard, { verb, document, topic, status, id, value, test }: Partial<Wanted>): boolean {
  const { message } = heard;
  if (verb !== undefined && heard.verb !== verb) return false;
  if (document !== undefined && heard.document !== document) return false;
  if (topic !== undefined && heard.topic !== topic) return false;
  if (status !== undefined && (message.t !== 'ack' || message.st !== status)) return false;
  if (id !== undefined && message.id !== id) return false;
  if (value !== undefined && JSON.stringify(message.val) !== JSON.stringify(value)) return false;
  return test?.(heard) ?? true;
}

interface ConfigParts extends RigOptions {
  readonly node: string;
  readonly port: number;
  readonly board: string;
  readonly folder: string;
}

function configText({ node, port, board, folder, documents, sections = '' }: ConfigParts): string {
  return `node: ${node}
mqtt:
  brokers:
    - url: mqtt://127.0.0.1:${port}
gpio: { backend: simulated, board: ${board} }
state-folder: ${folder}/state
log: { level: warn }
documents:
${documents}
${sections}
`;
}

function countLines(file: string): number {
  try {
    return readFileSync(file, 'utf8').split('\n').length - 1;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}

export type { IClientOptions };
