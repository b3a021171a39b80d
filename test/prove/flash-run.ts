import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import {
  distFolder,
  type Finished,
  needBundle,
  runProgram,
  startAgentProcess,
  startScript,
  type TestProcess,
} from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { openUnoBench, type UnoBench, type UnoProgram } from '../support/uno-bench.ts';
import { until } from '../support/until.ts';

export type Cut = 'none' | 'cable' | 'agent' | 'broker';

export interface FlashOptions {
  readonly cuts: readonly Cut[];
  readonly seed: number;
  readonly tell?: (round: FlashRound) => void;
}

/** One update of a running Uno, from a file through qnctl, broker, agent and bootloader. */
export interface FlashRound {
  readonly cut: Cut;
  /** After the command was given. */
  readonly cutMs: number;
  readonly wanted: string;
  /** What is in the flash, whole; `none`: neither program. */
  readonly inFlash: string;
  /** What the agent says runs, by its link. */
  readonly told: string;
  readonly exitCode: number | null;
  readonly said: string;
  readonly tookMs: number;
}

const mcu = 'firmware.mcu0';
/** An update takes about so long here: cuts are spread over it. */
const updateMs = 3_500;
const settleMsMax = 90_000;

/** Everything in processes of its own: broker, agent, qnctl, and the microcontroller. */
interface Stage extends AsyncDisposable {
  readonly broker: Mosquitto;
  readonly bench: UnoBench;
  /** Starts the agent, again after `kill`. */
  start(): void;
  kill(): Promise<void>;
  qnctl(...args: readonly string[]): Promise<Finished>;
  startFlash(program: UnoProgram): TestProcess;
}

async function openStage(): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  await needBundle();
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-flash-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const bench = stack.use(await openUnoBench(folder));
  const broker = stack.use(await startMosquitto());
  const [board, state] = [path.join(folder, 'board'), path.join(folder, 'state')];
  createSimulatedBoard(board, ['GPIO4']);
  bench.wireReset(board, 'GPIO4');
  const keys = [`port: "${bench.port}"`, 'reset: { line: GPIO4 }', 'update: { over: stk500 }'];
  const documents = [`${mcu}: { driver: mcu, ${keys.join(', ')} }`];
  const configFile = path.join(folder, 'config.yaml');
  await writeFile(configFile, configText({ url: broker.url, board, state, documents }));
  let agent: TestProcess | undefined;
  stack.defer(async () => void (await agent?.end('SIGKILL')));
  return {
    broker,
    bench,
    start() {
      agent = startAgentProcess(configFile);
    },
    async kill() {
      await agent?.end('SIGKILL');
    },
    startFlash: ({ hexFile }) =>
      startScript(path.join(distFolder, 'qnctl.cjs'), ['mcu', 'flash', 'pi-1', mcu, hexFile, '--url', broker.url]),
    qnctl: (...args) => runProgram('qnctl', [...args, '--url', broker.url]),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Updates it again and again, each time to the other program, and cuts something at a random point. */
export async function runFlashes({ cuts, seed, tell }: FlashOptions): Promise<readonly FlashRound[]> {
  const random = seededRandom(seed);
  await using stage = await openStage();
  const { first, second } = stage.bench;
  stage.start();
  await versionTold(stage, first.version);
  const rounds: FlashRound[] = [];
  for (const [index, cut] of cuts.entries()) {
    const wanted = index % 2 === 0 ? second : first;
    const round = await flashOnce(stage, wanted, cut, Math.trunc(random() * updateMs));
    rounds.push(round);
    tell?.(round);
  }
  return rounds;
}

async function flashOnce(stage: Stage, wanted: UnoProgram, cut: Cut, cutMs: number): Promise<FlashRound> {
  const startMs = performance.now();
  await using running = stage.startFlash(wanted);
  if (cut !== 'none') {
    const isWriting = () => running.out.includes('write');
    // One in four while it is sent and begun, the others anywhere in the writing.
    const begun =
      cutMs < updateMs / 4 ? delay(cutMs) : until(isWriting, 'writing', settleMsMax).then(() => delay(cutMs / 1.5));
    await begun;
    await cutOff(stage, cut);
  }
  const { code } = await running.ended;
  const { out, err } = running;
  const tookMs = Math.round(performance.now() - startMs);
  const told = await versionTold(stage, wanted.version);
  const inFlash = (await stage.bench.inFlash())?.version ?? 'none';
  const said = `${out}${err}`.trim().split('\n').at(-1) ?? '';
  return { cut, cutMs, wanted: wanted.version, inFlash, told, exitCode: code, said, tookMs };
}

async function cutOff({ broker, bench, start, kill }: Stage, cut: Exclude<Cut, 'none'>): Promise<void> {
  switch (cut) {
    case 'cable':
      bench.unplug();
      await delay(400);
      return await bench.plug();
    case 'agent':
      await kill();
      await delay(100);
      return start();
    case 'broker':
      await broker.kill();
      await delay(300);
      return await broker.start();
  }
}

/** What the agent says runs, once that is the one that is waited for, or the time is over. */
async function versionTold({ qnctl }: Stage, version: string): Promise<string> {
  const untilMs = performance.now() + settleMsMax;
  for (;;) {
    const { out } = await qnctl('query', 'pi-1', mcu, '--json');
    const told = toldBy(out);
    const isSettled = told.link === 'up' && told.firmware === version && told.update?.phase === 'idle';
    if (isSettled || performance.now() > untilMs) return told.firmware ?? 'none';
    await delay(200);
  }
}

interface Told {
  readonly link?: string;
  readonly firmware?: string;
  readonly update?: { readonly phase?: string };
}

function toldBy(out: string): Told {
  return out === '' ? {} : ((JSON.parse(out) as { readonly val?: Told }).val ?? {});
}
