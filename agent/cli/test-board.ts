import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { formatLine } from '../../drivers/contract/digital.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Config, DocumentConfig, SerialConfig } from '../config/config.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { createTable } from '../dispatch/table.ts';
import type { AgentFacts } from '../doctor/facts.ts';
import { askAgent } from '../doctor/probes/agent.ts';
import { Board } from '../documents/board.ts';
import { noMemory } from '../documents/memory-file.ts';
import { withConfigTroubles } from '../health/config-troubles.ts';
import { type FullTestSubjects, fullTests, type TestMode } from '../health/full-tests.ts';
import { runSelfTest, type SelfTestReport, type TestRow } from '../health/self-test.ts';
import { storedFileTest } from '../health/tests/store.ts';
import { poolProfiles } from '../limits.ts';
import { silentLog } from '../log.ts';
import { createPool } from '../pool/pool.ts';
import { openDrivers } from './live-environment.ts';
import { testSurroundings } from './test-surroundings.ts';
import type { CliContext } from './verb.ts';

export interface SelfTestOrder {
  readonly config: Config;
  readonly hash: string;
  /** Why it is not the config that was meant to run. */
  readonly troubles: readonly string[];
  /** The hash of what a restart would run, or what is wrong with it. */
  readonly reload: () => Promise<Result<string, string>>;
  readonly mode: TestMode;
  readonly loopback?: { readonly output: string; readonly input: string };
  /** A document of the config. */
  readonly serialLoopback?: string;
}

/**
 * Opens the drivers as at boot, so outputs go to their `safe.boot` state, and tests everything; lines held by a running
 * agent are left alone, and how its drivers are it says; so are the documents on lines of a loopback.
 */
export async function testBoard(
  context: CliContext,
  order: SelfTestOrder,
  onRow: (row: TestRow) => void,
): Promise<SelfTestReport> {
  const { clock, random } = context;
  const config = withoutLoopback(order);
  const pool = createPool(poolProfiles[config.pool.profile]);
  pool.seal();
  const agent = await askAgent(clock, config.stateFolder);
  const held = agent?.configHash === order.hash ? agent : undefined;
  const drivers = openDrivers(context);
  const gpio = await drivers.openGpio(config.gpio);
  const table = createTable(config);
  const board = await Board.open(
    {
      clock,
      log: silentLog,
      pool,
      random,
      openBytePort: drivers.openBytePort,
      pwm: drivers.createPwm(config.gpio),
      memoryOf: () => noMemory,
      found: table.found,
      changed() {},
      removed() {},
      happened() {},
      troubleChanged() {},
    },
    gpio,
    table.rows,
  );
  const subjects: FullTestSubjects = {
    clock,
    config,
    configHash: order.hash,
    reloadConfig: order.reload,
    pool,
    gpio,
    document: (name) => wordOf(held, name) ?? board.document(name),
    ...testSurroundings(context, config),
    store: storedFileTest(config.stateFolder),
    heapBytes: collectedHeapBytes(),
    ...(order.loopback === undefined ? {} : { loopback: order.loopback }),
    ...serialLoopbackOf(order, drivers),
  };
  const report = await runSelfTest(clock, withConfigTroubles(fullTests(order.mode, subjects), order.troubles), onRow);
  await board[Symbol.asyncDispose]();
  pool.close();
  return report;
}

/** What a running agent holds nobody else can open. */
function wordOf(agent: AgentFacts | undefined, name: string): ReturnType<FullTestSubjects['document']> | undefined {
  const rows = agent?.health['drivers'];
  const row = isPlainMap(rows) ? rows[name] : undefined;
  if (agent === undefined || !isPlainMap(row) || row['state'] !== 'working') return undefined;
  return ok({ probe: () => ok(`works, by the word of the agent that runs (process ${agent.pid})`) });
}

function withoutLoopback({ config, loopback, serialLoopback }: SelfTestOrder): Config {
  const lines = loopback === undefined ? [] : [loopback.output, loopback.input];
  const isFree = ([name, document]: [string, DocumentConfig]) =>
    name !== serialLoopback && !('line' in document && lines.includes(formatLine(document.line)));
  return { ...config, documents: Object.fromEntries(Object.entries(config.documents).filter(isFree)) };
}

function serialLoopbackOf(
  { config, serialLoopback }: SelfTestOrder,
  { openBytePort }: ReturnType<typeof openDrivers>,
): Pick<FullTestSubjects, 'serialLoopback'> {
  const document = serialLoopback === undefined ? undefined : config.documents[serialLoopback];
  if (document === undefined || !isSerial(document)) return {};
  return { serialLoopback: { port: document.port, settings: document.settings, open: openBytePort } };
}

/** Whether it is a serial port of bytes, which can be looped back. */
export function isSerial(document: DocumentConfig): document is SerialConfig {
  return document.driver.startsWith('serial-');
}

/** What is in use when nothing is left to collect. */
function collectedHeapBytes(): () => number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return () => {
    if (typeof collect === 'function') collect();
    return process.memoryUsage().heapUsed;
  };
}

/** The document to loop back, if it can be. */
export function checkSerialLoopback(config: Config, name: string): Result<void, string> {
  const document = config.documents[name];
  if (document !== undefined && isSerial(document)) return ok();
  const known = Object.entries(config.documents).flatMap(([other, row]) => (isSerial(row) ? [other] : []));
  return fail(`${name} is no serial document of this config; there is: ${known.join(', ') || 'none'}`);
}
