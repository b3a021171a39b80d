import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { noBoots } from '../../../agent/config/generations/boots.ts';
import { contentOf } from '../../../agent/config/generations/generation.ts';
import type { Notify } from '../../../agent/qn/message.ts';
import { encodeMessage } from '../../../agent/qn/registry.ts';
import type { Level } from '../../../drivers/contract/digital.ts';
import type { EndLevel, SafeStates } from '../../../drivers/safe-state.ts';
import { type AedesBroker, startAedes } from '../../support/aedes.ts';
import { type Collector, collect } from '../../support/mqtt-client.ts';
import { makeSigner, signed } from '../../support/signing.ts';
import type { SimulatedChip } from './sim.ts';

/** A relay at its line. The resistor decides the level whenever nobody holds the line. */
export interface Relay {
  readonly offset: number;
  /** How the config calls its line; else by the label of the chip. */
  readonly lineName?: string;
  /** In ms; absent: it may stay on. */
  readonly maxOnMs?: number;
  readonly interlock?: { readonly group: string; readonly deadTimeMs: number };
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
  command(relay: Relay, value: 'ON' | 'OFF', status: 'successful' | 'failed' | 'rejected'): Promise<void>;
  /** Returns when the agent has ended, and its guard has done what it does then. */
  kill(signal: NodeJS.Signals): Promise<void>;
  stopBroker(): Promise<void>;
  startBroker(): Promise<void>;
  writeConfig(relays: readonly Relay[], more?: string): void;
  /** Writes another config and has the agent read it, by SIGHUP; returns when it has taken it. */
  reload(relays: readonly Relay[]): Promise<void>;
  /** Sends another config over MQTT, signed; returns when the agent has taken it. */
  push(relays: readonly Relay[]): Promise<void>;
  /** Now it is a board that never took a config while it ran. */
  forgetConfigs(): void;
  /** Orders a self-test, and waits for its end. */
  selfTest(): Promise<void>;
  /** As if each config had brought the agent down again and again. */
  giveUpConfigs(): void;
  failNextWrite(): void;
}

const healthMsMax = 60_000;
const healthTopic = 'qn/1/board/health/agent';
const ackMsMax = 30_000;
const takenMsMax = 60_000;

export async function openRelayBoard(chip: SimulatedChip): Promise<RelayBoard> {
  const broker = await startAedes();
  const folder = mkdtempSync(join(tmpdir(), 'relays-'));
  const configFile = join(folder, 'config.yaml');
  const failFile = join(folder, 'fail');
  let said = '';
  let agent: { readonly child: ChildProcess; readonly ended: Promise<unknown> } | undefined;
  const signer = makeSigner('ops', ['config', 'trust']);
  const text = (relays: readonly Relay[]) => configText(broker.port, folder, chip.label, relays, signer.yaml);
  let version = 0;
  let pushesCount = 0;
  let observer = await openObserver(broker);
  const taken = () =>
    observer.configs
      .next(({ text: state }) => state.includes(`"version":${version},`), takenMsMax)
      .catch((cause) => {
        throw new Error(`config ${version} was not taken; the agents said: ${said}`, { cause });
      });
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
      const isIt = (topic: string, told: string) => topic.endsWith(`relay${offset}`) && told.includes(`"${status}"`);
      await observer.acks
        .next(({ topic, text: told }) => isIt(topic, told), ackMsMax)
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
    writeConfig: (relays, more = '') => writeFileSync(configFile, text(relays) + more),
    async reload(relays) {
      writeFileSync(configFile, text(relays));
      version += 1;
      agent?.child.kill('SIGHUP');
      await taken();
    },
    async push(relays) {
      version += 1;
      pushesCount += 1;
      const push: Notify = {
        t: 'notify',
        id: BigInt(version),
        src: 'ops',
        ver: version,
        vc: { local: version - pushesCount, ops: pushesCount },
        val: text(relays),
      };
      const message = await signed(push, signer.key, { target: 'board', issuedMs: Date.now() });
      const encoded = encodeMessage(message, 'json');
      if (!encoded.ok) throw new Error('the push cannot be encoded');
      await observer.client.publishAsync('qn/1/board/notify/config', Buffer.from(encoded.value.bytes), { qos: 1 });
      const isFinal = (topic: string, text: string) =>
        topic.endsWith('/config') && /"(successful|failed|rejected)"/.test(text);
      const ack = await observer.acks.next(({ topic, text: told }) => isFinal(topic, told), takenMsMax);
      if (!ack.text.includes('"successful"'))
        throw new Error(`the push ended so: ${ack.text}; the agents said: ${said}`);
      await taken();
    },
    forgetConfigs: () => rmSync(join(folder, 'state/config'), { recursive: true }),
    async selfTest() {
      await observer.client.publishAsync('qn/1/board/notify/selftest', 'quick', { qos: 1 });
      await observer.acks.next(({ topic, text: told }) => topic.endsWith('/selftest') && told.includes('"successful"'));
    },
    giveUpConfigs() {
      const read = (name: string) => JSON.parse(readFileSync(join(folder, 'state/config', `${name}.json`), 'utf8'));
      const failed = ['active', 'previous'].map((name) => contentOf(read(name).body.value));
      writeFileSync(join(folder, 'state/config/boots.json'), JSON.stringify({ ...noBoots, failed }));
    },
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
  readonly configs: Collector;
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
  const configs = await collect(port, 'qn/1/board/state/config');
  return {
    client,
    acks,
    configs,
    async [Symbol.asyncDispose]() {
      await Promise.all([client.endAsync(true), acks[Symbol.asyncDispose](), configs[Symbol.asyncDispose]()]);
    },
  };
}

function configText(port: number, folder: string, chip: string, relays: readonly Relay[], key: string): string {
  const documents = relays.map((relay) => {
    const { offset, lineName = `{ chip: ${chip}, offset: ${offset} }` } = relay;
    return `  relay${offset}: { driver: gpio-out, line: ${lineName}, ${rulesText(relay)} }`;
  });
  return `node: board
mqtt: { brokers: [{ url: "mqtt://127.0.0.1:${port}" }], acks: final }
gpio: { backend: gpiochip }
state-folder: ${folder}/state
log: { level: warn }
trust: { keys: [${key}] }
documents:
${documents.join('\n')}
`;
}

function rulesText({ active, states, maxOnMs, interlock }: Relay): string {
  const rules = [`active: ${active}`, `safe: { ${statesText(states)} }`];
  if (maxOnMs !== undefined) rules.push(`max-on: ${maxOnMs}ms`);
  if (interlock !== undefined) rules.push(`interlock: ${interlock.group}, dead-time: ${interlock.deadTimeMs}ms`);
  return rules.join(', ');
}

function statesText({ boot, exit, crash, configError, offline }: SafeStates): string {
  const away = offline === undefined ? '' : `, offline: { after: ${offline.afterMs}ms, to: ${word(offline.to)} }`;
  return `boot: ${word(boot)}, exit: ${word(exit)}, crash: ${word(crash)}, config-error: ${word(configError)}${away}`;
}

function word(level: EndLevel): string {
  if (typeof level === 'string') return level;
  return level ? 'on' : 'off';
}
