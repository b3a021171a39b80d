import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { startAgentProcess } from '../support/agent-process.ts';
import type { Workshop } from '../support/c-compiler.ts';
import { configText } from '../support/config-text.ts';
import { freePort } from '../support/ports.ts';
import { readUnitMemory } from '../support/unit-file.ts';
import { until } from '../support/until.ts';
import { type Responder, startCounting, type Topics } from './responder.ts';
import { readStamps } from './wire-stamps.ts';

const [probeLine, bulkLine] = ['GPIO17', 'GPIO27'];

/** A folder with the two lines, gone at the end of the stack. */
async function openBoard(stack: AsyncDisposableStack, name: string) {
  const folder = await mkdtemp(path.join(tmpdir(), `qn-bench-${name}-`));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, [probeLine, bulkLine]);
  return { folder, board, probe: path.join(board, probeLine), bulk: path.join(board, bulkLine) };
}

function topicsOf(node: string): Pick<Topics, 'probeTopic' | 'bulkTopic'> {
  const below = `qn/1/${node}/notify`;
  return { probeTopic: `${below}/gpio.stop`, bulkTopic: `${below}/gpio.bulk` };
}

/** Of the node that `configText` names. */
export const agentTopics = topicsOf('pi-1');

/** libmosquitto and a write, in C. */
export async function startFloor(stack: AsyncDisposableStack, workshop: Workshop, port: number): Promise<Responder> {
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];
  const program = workshop.build('gcc', 'floor', [...flags, 'test/bench/c/floor.c', '-lmosquitto']);
  const { probe, bulk } = await openBoard(stack, 'floor');
  const topics = { ...topicsOf('c'), probeLine: probe };
  const operands = [String(port), topics.probeTopic, probe, topics.bulkTopic, bulk];
  return stack.use(await startCounting('C', topics, program, operands));
}

/** MQTT.js as it comes; `nothing`: it only counts, else it writes into the same lines with the agent's own driver. */
export async function startRaw(
  stack: AsyncDisposableStack,
  port: number,
  does: 'writes' | 'nothing',
): Promise<Responder> {
  const { board, probe } = await openBoard(stack, 'raw');
  const topics = { ...topicsOf(`raw-${does}`), probeLine: probe };
  const lines = [topics.probeTopic, probeLine, topics.bulkTopic, bulkLine];
  const operands = ['test/bench/raw-mqttjs.ts', String(port), does, board, ...lines];
  return stack.use(await startCounting(`MQTT.js, ${does}`, topics, process.execPath, operands));
}

/** The agent also says what it writes. */
export interface AgentResponder extends Responder {
  readonly out: string;
  readonly err: string;
  rssBytes(): number;
  /** As Prometheus gets it. */
  metrics(): Promise<string>;
}

export interface AgentOptions {
  /** Of the probed document. */
  readonly priority: 'normal' | 'emergency';
  readonly nodeArguments?: readonly string[];
  /** Of its config, beside those of every bench. */
  readonly sections?: string;
}

/** The bundle, as it is installed; on the command line and with the priority of the unit file. */
export async function startAgent(
  stack: AsyncDisposableStack,
  port: number,
  { priority, nodeArguments = readUnitMemory().nodeArguments, sections = '' }: AgentOptions,
): Promise<AgentResponder> {
  const { folder, board, probe } = await openBoard(stack, 'agent');
  const httpPort = await freePort();
  const documents = [
    `gpio.stop: { driver: gpio-out, line: ${probeLine}${priority === 'emergency' ? ', priority: emergency' : ''} }`,
    `gpio.bulk: { driver: gpio-out, line: ${bulkLine} }`,
  ];
  const configFile = path.join(folder, 'config.yaml');
  const place = { url: `mqtt://127.0.0.1:${port}`, board, state: path.join(folder, 'state') };
  await writeFile(
    configFile,
    configText({ ...place, documents, sections: `http: { port: ${httpPort} }\n${sections}` }),
  );
  const agent = stack.use(
    startAgentProcess(configFile, { nodeArguments, env: readUnitMemory().env, hasUnitPriority: true }),
  );
  let metrics = '';
  await until(() => (void readMetrics(httpPort).then((text) => (metrics = text)), isUp(metrics)), 'the agent', 20_000);
  return {
    name: 'agent',
    pid: agent.pid,
    rssBytes: () => agent.rssBytes(),
    metrics: () => readMetrics(httpPort),
    get out() {
      return agent.out;
    },
    get err() {
      return agent.err;
    },
    ...agentTopics,
    stamps: () => readStamps(path.join(probe, 'log')),
    handledCount: async () => successful(await readMetrics(httpPort)),
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

async function readMetrics(port: number): Promise<string> {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  } catch {
    return ''; // It does not listen yet.
  }
}

function isUp(metrics: string): boolean {
  return /^qn_link_up\S* 1$/m.test(metrics);
}

function successful(metrics: string): number {
  return Number(/^qn_commands_total\{outcome="successful"\} (\d+)$/m.exec(metrics)?.[1] ?? Number.NaN);
}
