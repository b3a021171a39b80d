import { readFileSync, rmSync } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { Level } from '../../drivers/contract/digital.ts';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import type { EndLevel, SafeStates } from '../../drivers/safe-state.ts';
import { claimLine } from '../../drivers/simulated/claim.ts';
import { type AedesBroker, startAedes } from './aedes.ts';
import { type ProcessEnd, startAgentProcess, type TestProcess } from './agent-process.ts';
import { collect, publishOnce } from './mqtt-client.ts';

export interface RelayRigOptions {
  readonly safe: SafeStates;
  readonly active: 'high' | 'low';
  readonly maxOn?: string;
  /** Another relay, which is in an interlock group with the first one. */
  readonly rival?: { readonly safe: SafeStates; readonly deadTime: string; readonly maxOn?: string };
}

export type RelayName = 'relay' | 'rival';

/** One relay on a folder board, the agent from the bundle as its own process, and a meter at the wire that keeps a log. */
export interface RelayRig extends AsyncDisposable {
  readonly broker: AedesBroker;
  /** The level now, as anybody would measure it. */
  wire(of?: RelayName): Level;
  /** Every change of the driven level since the board was made. */
  changes(of?: RelayName): readonly { readonly level: Level; readonly atNs: bigint }[];
  /** Starts an agent, again if there was one, and waits until it says it is there. */
  start(): Promise<void>;
  /** Starts an agent that cannot run. */
  startInVain(): Promise<ProcessEnd>;
  /** The level that means on, or off. */
  level(on: boolean): Level;
  /** Commands the relay, waits until that was done, and looks at the wire. */
  command(value: 'ON' | 'OFF'): Promise<void>;
  failingCommand(value: 'ON' | 'OFF'): Promise<void>;
  /** Commands a pulse, and waits until it is under way. */
  pulse(length: string): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<ProcessEnd>;
  /** Of the guard that runs now. */
  guardPid(): number | undefined;
  /** Where the next agent asks this guard for lines. */
  door(guardPid: number): string;
  /** Somebody has the line until it is disposed of, as the system has those of a dead process for a moment. */
  holdLine(): Disposable;
  breakConfig(): Promise<void>;
  failNextWrite(): Promise<void>;
}

const line = 'GPIO17';
const rivalLine = 'GPIO18';

export async function openRelayRig(options: RelayRigOptions): Promise<RelayRig> {
  const { active } = options;
  const stack = new AsyncDisposableStack();
  const broker = stack.use(await startAedes());
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-relay-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, [line, rivalLine]);
  const configFile = path.join(folder, 'config.yaml');
  await writeFile(configFile, configText(broker.port, board, folder, options));
  let agent: TestProcess | undefined;
  stack.defer(async () => void (await agent?.end('SIGKILL')));
  const level = (on: boolean): Level => (on === (active === 'high') ? 1 : 0);
  const say = async (value: string, status: string) => {
    await using acks = await collect(broker.port, 'qn/1/pi-1/ack/relay');
    await publishOnce(broker.port, 'qn/1/pi-1/notify/relay', value);
    await acks.next(({ text }) => text.includes(`"${status}"`));
  };
  const fileOf = (name: RelayName, file: string) => path.join(board, name === 'relay' ? line : rivalLine, file);
  const wire = (of: RelayName = 'relay'): Level => (readFileSync(fileOf(of, 'value'), 'utf8') === '1\n' ? 1 : 0);
  return {
    broker,
    wire,
    level,
    changes: (of = 'relay') => changesIn(fileOf(of, 'log')),
    async start() {
      await using health = await collect(broker.port, 'qn/1/pi-1/health/agent');
      const started = startAgentProcess(configFile);
      agent = started;
      const said = () => started.out + started.err;
      await Promise.race([
        health.next(({ text, retain }) => !retain && !text.includes('"offline"'), 15_000),
        started.ended.then(({ code }) => Promise.reject(new Error(`the agent ended with ${code}: ${said()}`))),
      ]);
    },
    async startInVain() {
      agent = startAgentProcess(configFile);
      return await agent.ended;
    },
    failingCommand: (value) => say(value, 'failed'),
    pulse: (length) => say(JSON.stringify({ 'on-for': length }), 'executing'),
    async command(value) {
      await say(value, 'successful'); // Then the simulated board has written its log, too.
      expect(wire()).toBe(level(value === 'ON'));
    },
    kill: (signal) => agent?.end(signal) ?? Promise.reject(new Error('there is no agent')),
    guardPid: () => childrenOf(agent?.pid ?? 0)[0],
    door: (pid) => path.join(folder, 'state', `guard-${pid}.sock`),
    holdLine() {
      rmSync(path.join(board, line, 'consumer'));
      const claimed = claimLine({ folder: path.join(board, line), line }, 'somebody');
      if (!claimed.ok) throw new Error(claimed.error.detail);
      return claimed.value;
    },
    breakConfig: () => appendFile(configFile, 'surprise: [\n'),
    failNextWrite: () => writeFile(path.join(board, line, 'fault'), '1\n'),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The guard is the only process that the agent starts. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** Of the driven level, from the log of a line on a folder board. */
export function changesIn(file: string) {
  const rows = readLog(file)
    .split('\n')
    .filter((row) => row !== '');
  return rows.map((row) => {
    const [stamp = '0', level] = row.split(' ');
    return { level: level === '1' ? (1 as const) : (0 as const), atNs: BigInt(stamp) };
  });
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // A line that never changed has no log.
  }
}

function configText(port: number, board: string, folder: string, options: RelayRigOptions): string {
  const { safe, active, maxOn, rival } = options;
  const group = rival && `interlock: pair, dead-time: ${rival.deadTime}`;
  return `node: pi-1
mqtt: { brokers: [{ url: "mqtt://127.0.0.1:${port}" }] }
gpio: { backend: simulated, board: ${board} }
state-folder: ${folder}/state
log: { level: warn }
documents:
  relay: ${relayText(line, `active: ${active}`, { safe, maxOn, group })}
${rival === undefined ? '' : `  rival: ${relayText(rivalLine, 'active: high', { ...rival, group })}\n`}`;
}

interface RelayRules {
  readonly safe: SafeStates;
  readonly maxOn?: string | undefined;
  readonly group?: string | undefined;
}

function relayText(at: string, rest: string, { safe, maxOn, group }: RelayRules): string {
  const { boot, exit, crash, configError, offline } = safe;
  const away = offline === undefined ? '' : `, offline: { after: ${offline.afterMs}ms, to: ${word(offline.to)} }`;
  const states = `boot: ${word(boot)}, exit: ${word(exit)}, crash: ${word(crash)}, config-error: ${word(configError)}${away}`;
  const rules = [rest, maxOn && `max-on: ${maxOn}`, group].filter((rule) => rule !== undefined);
  return `{ driver: gpio-out, line: ${at}, ${rules.join(', ')}, safe: { ${states} } }`;
}

function word(state: EndLevel): string {
  if (typeof state === 'string') return state;
  return state ? 'on' : 'off';
}
