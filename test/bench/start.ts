import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { injectBlob } from '../../build/single/inject.ts';
import { buildSingle, makeBlob } from '../../build/single/single.ts';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import {
  distFolder,
  type ProcessOptions,
  startProgram,
  startScript,
  type TestProcess,
} from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { openDatagramInbox } from '../support/datagrams.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { readUnitMemory } from '../support/unit-file.ts';
import { until } from '../support/until.ts';
import type { Bench } from './benches.ts';
import { createDistribution } from './distribution.ts';
import { figure } from './figure.ts';
import { watchSubacks } from './suback-watch.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.button1: { driver: gpio-in, line: GPIO27, bias: pull-up }',
];

/** Something that is started as `qn-agent run --config FILE`. */
interface Form {
  readonly name: string;
  readonly start: (args: readonly string[], options: ProcessOptions) => TestProcess;
  readonly subackTimesFloor: number;
}

/**
 * From exec to what a board waits for, beside a Node that runs an empty file, in turns: until the broker has said yes to the
 * subscription, and until the service manager hears READY=1, with the self-test done. As a bundle, with the settings of memory
 * and what V8 compiled the first time as the unit file has them, and as a single executable with a snapshot; what Node.js
 * takes for a snapshot of nothing is told as well. `start=30`: so many starts of each.
 */
export const benchStart: Bench = async ({ operand = '20', tell }) => {
  const single = await buildSingle(process.arch === 'arm64' ? 'arm64' : 'x64');
  const unit = readUnitMemory();
  const forms: readonly Form[] = [
    {
      name: 'bundle',
      start: (args, { env, ...options }) =>
        startScript(path.join(distFolder, 'qn-agent.cjs'), args, {
          ...{ ...options, nodeArguments: unit.nodeArguments, env: { ...unit.env, ...env } },
        }),
      subackTimesFloor: 3,
    },
    {
      name: 'single executable',
      start: (args, options) => startProgram(path.resolve(single.file), args, options),
      subackTimesFloor: 2,
    },
  ];
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-bench-start-'));
  const [bare, bareSingle] = [createDistribution(), createDistribution()];
  const times = forms.map((form) => ({ form, ready: createDistribution(), connected: createDistribution() }));
  try {
    const empty = path.join(folder, 'empty.js');
    await writeFile(empty, '');
    const nothing = await buildEmptySingle(folder);
    await using ground = await openGround(folder);
    for (let round = -1; round < Number(operand); round += 1) {
      const isFirst = round < 0; // It reads everything from the disk.
      const [bareMs, nothingMs] = [await timeBare(process.execPath, [empty]), await timeBare(nothing)];
      if (!isFirst) bare.addMs(bareMs);
      if (!isFirst) bareSingle.addMs(nothingMs);
      for (const { form, ready, connected } of times) {
        const { readyMs, subackMs } = await ground.time(form);
        if (isFirst) continue;
        ready.addMs(readyMs);
        connected.addMs(subackMs);
      }
      if (round % 10 === 9) tell(`${round + 1} starts of each`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const floor = bare.percentileMs(50);
  const judged = times.flatMap(({ form: { name, subackTimesFloor }, ready, connected }) => [
    figure(`${name}, exec to ready, p50`, ready.percentileMs(50), 'ms', { floor, atMostTimesFloor: 1.5 }),
    figure(`${name}, exec to SUBACK, p50`, connected.percentileMs(50), 'ms', {
      floor,
      atMostTimesFloor: subackTimesFloor,
    }),
  ]);
  return [
    figure('node with an empty file, exec to exit, p50', floor, 'ms'),
    figure('single executable of nothing, exec to exit, p50', bareSingle.percentileMs(50), 'ms', { floor }),
    ...judged,
  ];
};

/** A broker, a board of two lines, and somebody who listens for READY=1. */
async function openGround(folder: string) {
  const stack = new AsyncDisposableStack();
  const broker = stack.use(await startMosquitto());
  const way = stack.use(await watchSubacks(broker.port));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, ['GPIO17', 'GPIO27']);
  const configFile = path.join(folder, 'config.yaml');
  const url = `mqtt://127.0.0.1:${way.port}`;
  await writeFile(configFile, configText({ url, board, state: path.join(folder, 'state'), documents }));
  const inbox = stack.use(await openDatagramInbox(path.join(folder, 'notify')));
  const env = { NOTIFY_SOCKET: path.join(folder, 'notify'), NODE_COMPILE_CACHE: path.join(folder, 'compiled') };
  return {
    async time({ start }: Form): Promise<{ readonly readyMs: number; readonly subackMs: number }> {
      const told = inbox.received().length;
      const startMs = performance.now();
      const suback = way.nextSubackMs();
      await using agent = start(['run', '--config', configFile], { env });
      await until(() => inbox.received().slice(told).includes('READY=1'), 'ready', 60_000);
      const readyMs = performance.now() - startMs;
      const subackMs = (await suback) - startMs;
      await agent.end('SIGTERM');
      return { readyMs, subackMs };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function timeBare(program: string, args: readonly string[] = []): Promise<number> {
  const startMs = performance.now();
  await using running = startProgram(program, args);
  await running.ended;
  return performance.now() - startMs;
}

/** A single executable of a program that does nothing. */
async function buildEmptySingle(folder: string): Promise<string> {
  const [main, program] = [path.join(folder, 'nothing.cjs'), path.join(folder, 'nothing')];
  await writeFile(main, "require('node:v8').startupSnapshot.setDeserializeMainFunction(() => {});");
  const node = process.execPath;
  await injectBlob(node, await makeBlob({ folder, main, assets: {}, node, runner: [] }), program);
  return program;
}
