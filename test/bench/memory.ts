import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openWorkshop } from '../support/c-compiler.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { readUnitMemory } from '../support/unit-file.ts';
import type { Bench } from './benches.ts';
import { type Figure, figure } from './figure.ts';
import { openLoad, type RunLoad } from './load.ts';
import { medianOf } from './median.ts';
import { type AgentResponder, startAgent } from './responders.ts';
import { runTurn } from './turn.ts';

const perS = 8_000;
const megabyte = 1_048_576;
const growthMbMax = 3;
const allocatedBytesMax = 100;
/** After a burst, until V8 and the allocator have given back what they will. */
const restMs = 5_000;
const samplesCount = 20;
/** So many commands in one process without a collection; before them as many to have everything compiled. */
const commandsPerRun = 96_000;

/**
 * Memory of the agent as it is installed, after its start, after 10 000 commands of 17 bytes, and after a million: `memory=1000`
 * is in thousands. And what V8 allocates for one of them: in our own code, with nothing but it in a process, and in all of the
 * process, by what its collections found.
 */
export const benchMemory: Bench = async ({ operand = '1000', tell }) => {
  const own = [await allocatedBy('noack', commandsPerRun), await allocatedBy('ack', commandsPerRun / 10)];
  tell(`memory: ${operand} 000 commands at ${perS} a second`);
  return [
    figure('allocated for a command, own code', own[0] ?? Number.NaN, 'bytes', { atMost: allocatedBytesMax }),
    figure('the same with its ack asked for', own[1] ?? Number.NaN, 'bytes'),
    ...(await residentFigures(Number(operand) * 1_000)),
    figure('allocated for a command, whole process', await allocatedInAll(), 'bytes'),
  ];
};

/** In a process with room for all of it; see allocation-run.ts. */
async function allocatedBy(ack: 'ack' | 'noack', count: number): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-bench-memory-'));
  try {
    const flags = ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256'];
    const operands = [...flags, 'test/bench/allocation-run.ts', String(count), ack, folder];
    const { stdout } = await promisify(execFile)(process.execPath, operands);
    const { bytes, collections, carriedOut } = JSON.parse(stdout);
    if (collections !== 0) throw new Error('something was collected meanwhile: the figure would be too small');
    if (carriedOut !== count) throw new Error(`only ${carriedOut} of ${count} commands were carried out`);
    return bytes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function residentFigures(count: number): Promise<readonly Figure[]> {
  return await withAgent(readUnitMemory().nodeArguments, async (agent, runLoad) => {
    const atStart = await residentMb(agent);
    const early = await give(agent, runLoad, 10_000);
    const after10k = await residentMb(agent);
    const late = await give(agent, runLoad, count - 10_000);
    const afterAll = await residentMb(agent);
    return [
      figure('resident after the start', atStart, 'MB'),
      figure('resident after 10 000 commands', after10k, 'MB'),
      figure(`resident after ${count} commands`, afterAll, 'MB'),
      figure('growth in between', afterAll - after10k, 'MB', { atMost: growthMbMax }),
      figure('commands carried out', (100 * (early + late)) / count, '%', { atLeast: 99.9 }),
    ];
  });
}

/** By the lines of `--trace-gc`: what the heap grew by from the end of each collection to the beginning of the next. */
async function allocatedInAll(): Promise<number> {
  const flags = [...readUnitMemory().nodeArguments, '--trace-gc'];
  return await withAgent(flags, async (agent, runLoad) => {
    await give(agent, runLoad, 50_000);
    const from = agent.out.length;
    const handled = await give(agent, runLoad, 100_000);
    return (grownMb(agent.out.slice(from)) * megabyte) / handled;
  });
}

export function grownMb(trace: string): number {
  const rows = [...trace.matchAll(/([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB/g)];
  let before: number | undefined;
  let sum = 0;
  for (const [, from, to] of rows) {
    if (before !== undefined) sum += Math.max(0, Number(from) - before);
    before = Number(to);
  }
  return sum;
}

async function withAgent<Value>(
  nodeArguments: readonly string[],
  use: (agent: AgentResponder, runLoad: RunLoad) => Promise<Value>,
): Promise<Value> {
  await using stack = new AsyncDisposableStack();
  const workshop = stack.use(openWorkshop());
  const { port } = stack.use(await startMosquitto({ config: () => ['set_tcp_nodelay true'] }));
  const agent = await startAgent(stack, port, { priority: 'normal', nodeArguments });
  return await use(agent, openLoad(workshop, port));
}

async function give(agent: AgentResponder, runLoad: RunLoad, count: number): Promise<number> {
  const forMs = (count * 1_000) / perS;
  return (await runTurn(runLoad, agent, { forMs, probesPerS: 0, bulkPerS: perS })).handledCount;
}

/** The median of some samples. */
async function residentMb(agent: AgentResponder): Promise<number> {
  await delay(restMs);
  const samples: number[] = [];
  while (samples.length < samplesCount) {
    samples.push(agent.rssBytes() / megabyte);
    await delay(100);
  }
  return medianOf(samples);
}
