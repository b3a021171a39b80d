import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Level } from '../../../drivers/contract/digital.ts';
import type { SafeLevel, SafeStates } from '../../../drivers/safe-state.ts';
import { type AedesBroker, startAedes } from '../../support/aedes.ts';
import { collect, publishOnce } from '../../support/mqtt-client.ts';
import type { DrivenLevel, SimulatedChip } from './sim.ts';

/** A relay at its line. The resistor decides the level whenever nobody holds the line. */
export interface Relay {
  readonly offset: number;
  readonly active: 'high' | 'low';
  readonly pull: Level;
  readonly states: SafeStates;
}

/** The agent as it is shipped, in a process of its own with its own guard, and many relays on gpio-sim. */
export interface RelayBoard extends AsyncDisposable {
  readonly broker: AedesBroker;
  /** What the agents and their guards wrote. */
  readonly said: string;
  /** Starts an agent, again if there was one, and waits until it says it is there. */
  start(): Promise<void>;
  /** Starts an agent that cannot run; its exit code. */
  startInVain(): Promise<number | null>;
  /** Switches everything on, and waits until that was done. */
  switchOn(): Promise<void>;
  /** Returns when the agent and its guard have ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  breakConfig(): void;
  driven(relay: Relay): readonly DrivenLevel[];
  wire(relay: Relay): Level;
}

const healthMsMax = 30_000;
const ackMsMax = 15_000;

export async function openRelayBoard(chip: SimulatedChip, relays: readonly Relay[]): Promise<RelayBoard> {
  for (const { offset, pull } of relays) chip.pull(offset, pull);
  chip.forgetChanges();
  const broker = await startAedes();
  const folder = mkdtempSync(join(tmpdir(), 'relays-'));
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, configText(broker.port, folder, chip.label, relays));
  let said = '';
  let agent: { readonly child: ChildProcess; readonly ended: Promise<unknown> } | undefined;
  const spawnAgent = () => {
    const operands = ['/app/qn-agent.cjs', 'run', '--config', configFile];
    const child = spawn(process.execPath, operands, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    agent = { child, ended: once(child, 'close') }; // The guard has its output, too: this is the end of both.
    return agent;
  };
  const kill = async (signal: NodeJS.Signals) => {
    agent?.child.kill(signal);
    await agent?.ended;
    agent = undefined;
  };
  return {
    broker,
    get said() {
      return said;
    },
    async start() {
      await using health = await collect(broker.port, 'qn/1/board/health/agent');
      const { child } = spawnAgent();
      await Promise.race([
        health.next(({ text, retain }) => !retain && !text.includes('"offline"'), healthMsMax),
        once(child, 'exit').then(([code]) => Promise.reject(new Error(`the agent ended with ${code}: ${said}`))),
      ]);
    },
    async startInVain() {
      const { child, ended } = spawnAgent();
      await ended;
      agent = undefined;
      return child.exitCode;
    },
    async switchOn() {
      await using acks = await collect(broker.port, 'qn/1/board/ack/+');
      for (const { offset } of relays) {
        await publishOnce(broker.port, `qn/1/board/notify/relay${offset}`, 'ON');
        await acks.next(
          ({ topic, text }) => topic.endsWith(`relay${offset}`) && text.includes('"successful"'),
          ackMsMax,
        );
      }
    },
    kill,
    breakConfig: () => appendFileSync(configFile, 'surprise: [\n'),
    driven: ({ offset }) => chip.driven(offset),
    wire: ({ offset }) => chip.level(offset),
    async [Symbol.asyncDispose]() {
      await kill('SIGKILL');
      await broker[Symbol.asyncDispose]();
    },
  };
}

function configText(port: number, folder: string, chip: string, relays: readonly Relay[]): string {
  const documents = relays.map(({ offset, active, states }) => {
    const line = `{ chip: ${chip}, offset: ${offset} }`;
    return `  relay${offset}: { driver: gpio-out, line: ${line}, active: ${active}, safe: { ${statesText(states)} } }`;
  });
  return `node: board
mqtt: { brokers: [{ url: "mqtt://127.0.0.1:${port}" }] }
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

function word(level: SafeLevel): string {
  if (level === 'hold') return level;
  return level ? 'on' : 'off';
}
