import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as limits from '../../agent/limits.ts';
import { createMemoryBoard, type MemoryWire } from '../../drivers/simulated/memory-board.ts';
import { fieldOf, type Heard } from '../support/heard.ts';
import { type MemoryAgent, startMemoryAgent } from '../support/memory-agent.ts';
import type { Bench } from './benches.ts';
import { createDistribution, type Distribution } from './distribution.ts';
import { type Figure, figure } from './figure.ts';

const edgesPerS = 1_000;
const stormEdgesPerS = 50_000;
const stormMs = 5_000;
/** Each edge that the rule allows is an event and a change of the state; then one of each that it is let go of. */
const stormMessagesCountMax = 2 * ((limits.stormInputRateDefault * limits.stormWindowMsDefault) / 1_000) + 2;
/** The loop is asked so often how late it is. */
const lagEveryMs = 2;

const documents = [
  `flow: { driver: gpio-counter, line: FLOW, edge: both, storm: { rate: ${2 * edgesPerS} }, publish: { min: 1s } }`,
  'loose: { driver: gpio-in, line: LOOSE }',
  'relay: { driver: gpio-out, line: RELAY }',
];

/**
 * The whole agent on a simulated board: 1 000 edges a second on a counter for as many seconds as `edges=60` says, then a
 * wire that is loose, with 50 000 edges a second, beside them. The edges are made on the loop of the agent, so their own
 * cost is in its lag.
 */
export const benchEdges: Bench = async ({ operand = '60', tell }) => {
  await using rig = await startMemoryAgent({ documents, board: createMemoryBoard() });
  const board = rig.board;
  await rig.hear({ verb: 'state', document: 'flow' });
  const before = rig.all.length;
  tell(`edges: ${edgesPerS} a second for ${operand} s`);
  const calm = await shake([[board.wire('FLOW'), edgesPerS]], Number(operand) * 1_000);
  await untilCounted(rig, calm.madeCount);
  const messagesCount = aboutFlow(rig.all.slice(before)).length;
  tell(`edges: a storm of ${stormEdgesPerS} a second beside them`);
  const stormy = await storm(rig);
  await untilCounted(rig, calm.madeCount + stormy.madeCount);
  const seconds = Number(operand);
  const lost = (counted: number) =>
    figure('edges not counted', calm.madeCount + stormy.madeCount - counted, '', { atMost: 0 });
  return [
    figure('edges made a second', calm.madeCount / seconds, '1/s', { atLeast: 0.95 * edgesPerS }),
    figure('messages about them a second', messagesCount / seconds, '1/s', { atMost: 3 }),
    ...lagFigures('loop lag', calm.lag, 20),
    figure('storm, edges made a second', stormy.stormCount / (stormMs / 1_000), '1/s'),
    figure('storm, messages about it', stormy.messagesCount, '', { atMost: stormMessagesCountMax }),
    ...lagFigures('loop lag in the storm', stormy.lag, 20),
    figure('command beside the storm, max', stormy.commands.maxMs, 'ms'),
    lost(countOf(rig)),
  ];
};

interface Lag {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface Storm {
  readonly madeCount: number;
  readonly stormCount: number;
  readonly messagesCount: number;
  readonly lag: Lag;
  readonly commands: Distribution;
}

async function storm(rig: MemoryAgent): Promise<Storm> {
  const before = rig.all.length;
  const [flow, loose] = [rig.board.wire('FLOW'), rig.board.wire('LOOSE')];
  const commands = createDistribution();
  const shaking = shake(
    [
      [flow, edgesPerS],
      [loose, stormEdgesPerS],
    ],
    stormMs,
  );
  const command = async () => {
    const sinceMs = performance.now();
    rig.say('notify/relay', 'toggle');
    await rig.hear({ verb: 'ack', document: 'relay', status: 'successful' });
    commands.addMs(performance.now() - sinceMs);
  };
  await rig.hear({
    verb: 'event',
    document: 'loose',
    test: ({ message }) => fieldOf(message.val, 'disabled') === 'storm',
  });
  for (let times = 0; times < 100; times += 1) await command();
  const { lag, counts } = await shaking;
  const messagesCount = rig.all.slice(before).filter(({ document }) => document === 'loose').length;
  return { madeCount: counts[0] ?? 0, stormCount: counts[1] ?? 0, messagesCount, lag, commands };
}

interface Shaken {
  readonly madeCount: number;
  readonly counts: readonly number[];
  readonly lag: Lag;
}

/** Edges at their rates, as evenly as a timer can, and how late the loop was meanwhile. */
async function shake(wires: readonly (readonly [MemoryWire, number])[], forMs: number): Promise<Shaken> {
  const counts = wires.map(() => 0);
  const histogram = monitorEventLoopDelay({ resolution: lagEveryMs });
  histogram.enable();
  const sinceMs = performance.now();
  for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - sinceMs) {
    for (const [index, [wire, perS]] of wires.entries()) {
      // Never more than 5 ms of them at once: what the machine slept through did not happen.
      const dueCount = Math.min(Math.floor((passedMs * perS) / 1_000) - (counts[index] ?? 0), Math.ceil(perS / 200));
      for (let times = 0; times < dueCount; times += 1) wire.pull(wire.level === 1 ? 0 : 1);
      counts[index] = (counts[index] ?? 0) + Math.max(0, dueCount);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  histogram.disable();
  const lateMs = (ns: number) => Math.max(0, ns / 1e6 - lagEveryMs);
  const lag = {
    p50Ms: lateMs(histogram.percentile(50)),
    p99Ms: lateMs(histogram.percentile(99)),
    maxMs: lateMs(histogram.max),
  };
  return { madeCount: counts[0] ?? 0, counts, lag };
}

function lagFigures(name: string, lag: Lag, p99MsMax: number): readonly Figure[] {
  return [
    figure(`${name} p50`, lag.p50Ms, 'ms'),
    figure(`${name} p99`, lag.p99Ms, 'ms', { atMost: p99MsMax }),
    figure(`${name} max`, lag.maxMs, 'ms'),
  ];
}

function aboutFlow(heard: readonly Heard[]): readonly Heard[] {
  return heard.filter(({ document }) => document === 'flow');
}

function countOf(rig: MemoryAgent): number {
  const counts = aboutFlow(rig.all).map(({ message }) => fieldOf(message.val, 'count'));
  return Math.max(...counts.map((count) => (typeof count === 'number' ? count : 0)));
}

/** The last value comes up to a second late. */
async function untilCounted(rig: MemoryAgent, count: number): Promise<void> {
  if (countOf(rig) >= count) return;
  await rig
    .hear({ document: 'flow', test: ({ message }) => fieldOf(message.val, 'count') === count }, 5_000)
    .catch(() => {});
}
