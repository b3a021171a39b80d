import { surveyGpio } from '../../drivers/gpio-survey.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { BootConfig } from '../config/generations/boot-config.ts';
import { type Look, lookedAt } from '../config/generations/looked-at.ts';
import { unreadable } from '../config/unreadable.ts';
import { runSelfTest } from '../health/self-test.ts';
import { countStarts, readMachineClock, readStarts } from '../health/starts.ts';
import { type CodeSubjects, codeTest } from '../health/tests/code.ts';
import { restartWindowMs } from '../limits.ts';
import type { BrokerEndpoint } from '../mqtt/broker-endpoint.ts';
import { linesOf } from './checks/gpio.ts';
import type { AgentFacts, BoardFacts, BrokerFacts, CodeFacts, ConfigFacts, Facts } from './facts.ts';
import { askAgent } from './probes/agent.ts';
import { groupOf } from './probes/group.ts';
import { type BrokerAccess, probeBroker } from './probes/mqtt.ts';
import { probeSerial } from './probes/serial.ts';
import { probeClock, probeDisk, probeMemory, probePower, probeUser, type SystemRoot } from './probes/system.ts';

/** Of the config file of the board, and of what its agent would start with. */
export interface Examination extends Omit<Look, 'booted'> {
  readonly clock: Clock;
  readonly env: { readonly [name: string]: string | undefined };
  /** Undefined: there is none to start with. */
  readonly booted: BootConfig | undefined;
  readonly root: SystemRoot;
  readonly code: CodeSubjects;
  /** What it takes to talk to the brokers. */
  access(config: Config): BrokerAccess & { readonly brokers: readonly BrokerEndpoint[] };
}

/** Looks at everything, changes nothing: what it writes it takes away again, what it says is an event `doctor`. */
export async function examine(examination: Examination): Promise<Facts> {
  const { clock, root, configPath, env, loaded, booted } = examination;
  const [user, power, code] = await Promise.all([probeUser(root), probePower(root), probeCode(examination)]);
  const machine = { user, power, code, clock: await probeClock(clock, root) };
  const file: ConfigFacts = loaded.ok
    ? { path: configPath, faults: [], warnings: loaded.value.warnings, secrets: [] }
    : { path: configPath, trouble: loaded.error.kind, faults: loaded.error.faults, warnings: [], secrets: [] };
  if (booted === undefined) return { ...machine, configuration: file };
  const { config, hash } = booted.checked;
  const agent = await askAgent(clock, config.stateFolder);
  const secrets = await unreadable(config, env);
  const configuration: ConfigFacts = { ...file, hash, lookedAt: lookedAt({ ...examination, booted }), secrets };
  const board = await probeBoard(examination, config, agent);
  const memory = agent && (await probeMemory(agent.pid, root));
  return { ...machine, configuration, board, ...(agent && { agent }), ...(memory && { memory }) };
}

async function probeBoard(
  examination: Examination,
  config: Config,
  agent: AgentFacts | undefined,
): Promise<BoardFacts> {
  const { root } = examination;
  const lines = linesOf(config).map(({ line }) => line);
  const [gpio, serial, brokers, disk, startsCount] = await Promise.all([
    surveyGpio(config.gpio, lines, root),
    probeSerial(config, root, agent?.pid),
    probeBrokers(examination, config),
    probeDisk(config.stateFolder, root),
    countedStarts(config, root),
  ]);
  const closed = gpio.chips.find(({ isOpenable }) => !isOpenable);
  const gpioGroup = closed && (await groupOf(closed.path, root));
  return { config, gpio, serial, brokers, disk, startsCount, ...(gpioGroup === undefined ? {} : { gpioGroup }) };
}

async function probeBrokers(examination: Examination, config: Config): Promise<readonly BrokerFacts[]> {
  const { clock } = examination;
  const access = examination.access(config);
  return await Promise.all(access.brokers.map((endpoint) => probeBroker(clock, config, access, endpoint)));
}

async function countedStarts({ stateFolder }: Config, { proc }: SystemRoot): Promise<number> {
  const now = await readMachineClock(proc).catch(() => undefined); // Without /proc nothing can be counted.
  return now === undefined ? 0 : countStarts(await readStarts(stateFolder), now, restartWindowMs);
}

async function probeCode({ clock, code }: Examination): Promise<CodeFacts> {
  const { tests } = await runSelfTest(clock, { tests: [codeTest(code)], vital: new Set() });
  const [row] = tests;
  return row?.status === 'fail' ? { fault: row.detail } : {};
}
