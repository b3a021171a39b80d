import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Level } from '../../../drivers/contract/digital.ts';
import type { EndLevel, SafeStates } from '../../../drivers/safe-state.ts';
import { type AedesBroker, startAedes } from '../../support/aedes.ts';
import { type Collector, collect } from '../../support/mqtt-client.ts';
import type { SimulatedChip } from './sim.ts';

/** A relay at its line. The resistor decides the level whenever nobody holds the line. */
export interface Relay {
  readonly offset: number;
  readonly active: 'high' | 'low';
  readonly pull: Level;
  readonly states: SafeStates;
}

/** The agent as it is shipped, in a process of its own with its own guard, and many relays on gpio-sim. */
export interface RelayBoard extends AsyncDisposable {
  /** What the agents and their guards wrote. */
  readonly said: string;
  /** Starts an agent, again if there was one, and waits until it says it is there. */
  start(): Promise<void>;
  /** Starts an agent that cannot run; its exit code. */
  startInVain(): Promise<number | null>;
  /** Commands one relay, and waits until the agent says how it ended. */
  command(relay: Relay, value: 'ON' | 'OFF', status: 'successful' | 'failed'): Promise<void>;
  /** Returns when the agent has ended, and its guard has done what it does then. */
  kill(signal: NodeJS.Signals): Promise<void>;
  stopBroker(): Promise<void>;
  startBroker(): Promise<void>;
  writeConfig(relays: readonly Relay[], more?: string): void;
  failNextWrite(): void;
}

const healthMsMax = 60_000;
const healthTopic = 'qn/1/board/health/agent';
const ackMsMax = 30_000;

export async function openRelayBoard(chip: SimulatedChip): Promise<RelayBoard> {
  const broker = await startAedes();
  const folder = mkdtempSync(join(tmpdir(), 'relays-'));
  const configFile = join(folder, 'config.yaml');
  const failFile = join(folder, 'fail');
  let said = '';
  let agent: { readonly child: ChildProcess; readonly ended: Promise<unknown> } | undefined;
  let observer = await openObserver(broker);
  const spawnAgent = () => {
    const operands = ['/app/qn-agent.cjs', 'run', '--config', configFile];
    const env = { ...process.env, LD_PRELOAD: '/app/fail-write.so', FAIL_WRITE: failFile };
    const child = spawn(process.execPath, operands, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    agent = { child, ended: once(child, 'close') }; // The guard has its output until it is done with driving.
    return agent;
  };
  return {
    get said() {
      return said;
    },
    async start() {
      await using health = await collect(broker.port, healthTopic); // A new one: it has heard nothing of the agent before.
      const { child } = spawnAgent();
      const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`ended with ${code}: ${said}`)));
      await Promise.race([untilThere(health), failed]);
    },
    async startInVain() {
      const { child, ended } = spawnAgent();
      await ended;
      agent = undefined;
      return child.exitCode;
    },
    async command({ offset }, value, status) {
      await observer.client.publishAsync(`qn/1/board/notify/relay${offset}`, value, { qos: 1 });
      const isIt = (topic: string, text: string) => topic.endsWith(`relay${offset}`) && text.includes(`"${status}"`);
      await observer.acks
        .next(({ topic, text }) => isIt(topic, text), ackMsMax)
        .catch((cause) => {
          throw new Error(`relay${offset} ${value} is not ${status}; the agents said: ${said}`, { cause });
        });
    },
    async kill(signal) {
      agent?.child.kill(signal);
      await agent?.ended;
      agent = undefined;
    },
    async stopBroker() {
      await observer[Symbol.asyncDispose]();
      await broker.stop();
    },
    async startBroker() {
      await broker.start();
      observer = await openObserver(broker);
      await using health = await collect(broker.port, healthTopic);
      await untilThere(health);
    },
    writeConfig: (relays, more = '') =>
      writeFileSync(configFile, configText(broker.port, folder, chip.label, relays) + more),
    failNextWrite: () => writeFileSync(failFile, ''),
    async [Symbol.asyncDispose]() {
      agent?.child.kill('SIGKILL');
      await observer[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

async function untilThere(health: Collector): Promise<void> {
  await health.next(({ text, retain }) => !retain && !text.includes('"offline"'), healthMsMax);
}

interface Observer extends AsyncDisposable {
  readonly client: MqttClient;
  readonly acks: Collector;
}

async function openObserver({ port }: AedesBroker): Promise<Observer> {
  const client = await connectAsync({
    protocol: 'mqtt',
    host: '127.0.0.1',
    port,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  client.on('error', () => {});
  const acks = await collect(port, 'qn/1/board/ack/+');
  return {
    client,
    acks,
    async [Symbol.asyncDispose]() {
      await Promise.all([client.endAsync(true), acks[Symbol.asyncDispose]()]);
    },
  };
}

function configText(port: number, folder: string, chip: string, relays: readonly Relay[]): string {
  const documents = relays.map(({ offset, active, states }) => {
    const line = `{ chip: ${chip}, offset: ${offset} }`;
    return `  relay${offset}: { driver: gpio-out, line: ${line}, active: ${active}, safe: { ${statesText(states)} } }`;
  });
  return `node: board
mqtt: { brokers: [{ url: "mqtt://127.0.0.1:${port}" }], acks: final }
gpio: { backend: gpiochip }
state-folder: ${folder}/state
log: { level: warn }
documents:
${documents.join('\n')}
`;
}

function statesText({ boot, exit, crash, configError, offline }: SafeStates): string {
  const away = offline === undefined ? '' : `, offline: { after: ${offline.afterMs}ms, to: ${word(offline.to)} }`;
  return `boot: ${word(boot)}, exit: ${word(exit)}, crash: ${word(crash)}, config-error: ${word(configError)}${away}`;
}

function word(level: EndLevel): string {
  if (typeof level === 'string') return level;
  return level ? 'on' : 'off';
}
