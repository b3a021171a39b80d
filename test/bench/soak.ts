import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openWorkshop } from '../support/c-compiler.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { readUnitMemory } from '../support/unit-file.ts';
import type { Bench } from './benches.ts';
import { type Figure, figure } from './figure.ts';
import { inspectorArguments, openInspector } from './inspector.ts';
import { openLoad } from './load.ts';
import { type AgentResponder, startAgent } from './responders.ts';
import { type Slope, slopeOf } from './slope.ts';

const turnMs = 5_000;
const perS = { probe: 20, bulk: 3_000, bulkInWarmUp: 10_000 } as const;
/**
 * Before what is measured, for a third of its minutes. What V8 compiles depends on how often a function ran, so it gets an hour
 * of commands in twenty minutes.
 */
const warmUpShare = 1 / 3;
/** What the agent does by the clock and not for a command: more often, so that it is compiled in the warm-up, too. */
const sections = 'health: { interval: 5s }';
const samplesCountMax = 60;
/** With fewer, a slope of the heap says nothing. */
const collectionsCountMin = 10;

/** What there is at one moment, in the process of the agent. */
interface Sample {
  readonly atMin: number;
  readonly rss: number;
  /** What it has asked the kernel for, touched yet or not: what is resident cannot grow above that. */
  readonly asked: number;
  readonly outside: number;
  readonly fds: number;
  readonly listeners: number;
  readonly handles: number;
}

/** What was left by a full collection that V8 did by itself. */
interface Heap {
  readonly atMin: number;
  readonly heap: number;
  /** Of it: what V8 has compiled, and its notes about that. */
  readonly code: number;
}

/**
 * Run in the agent, once. Nothing is collected for the bench: between two messages that makes V8 forget what objects look
 * like, some 25 functions are compiled anew, and what is measured grows by being measured.
 */
const watching = `(() => {
  const { PerformanceObserver, constants } = process.getBuiltinModule('node:perf_hooks');
  const { getHeapSpaceStatistics } = process.getBuiltinModule('node:v8');
  globalThis.collections = [];
  new PerformanceObserver((list) => {
    if (!list.getEntries().some(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR)) return;
    const old = getHeapSpaceStatistics().filter(({ space_name: name }) => !/^new_/.test(name));
    const used = (spaces) => spaces.reduce((sum, { space_used_size: size }) => sum + size, 0);
    const code = used(old.filter(({ space_name: name }) => /^(code|trusted)_/.test(name)));
    globalThis.collections.push({ wallMs: Date.now(), heap: used(old), code });
  }).observe({ entryTypes: ['gc'] });
  return '';
})()`;

/** Run in the agent; those since the last time. */
const collected = 'JSON.stringify(globalThis.collections.splice(0))';

const question = `(() => {
  const { rss, external } = process.memoryUsage();
  const handles = process._getActiveHandles();
  const count = (emitter) => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
  const listeners = [process, ...handles].reduce((sum, emitter) => sum + (emitter.eventNames ? count(emitter) : 0), 0);
  return JSON.stringify({ rss, outside: external, listeners, handles: handles.length });
})()`;

/**
 * Whether anything grows: commands without end, three thousand a second and twenty that change an output, and in between,
 * sixty times at the most, the memory, file descriptors, listeners and open handles of the agent; and what is left of its heap
 * by each full collection, of which there is one in a minute or two. A slope is a miss when it is above zero by more than
 * the half of its 95 % confidence interval. `soak=60`: so many minutes, and before them a third as many to warm up, with three
 * times the load.
 */
export const benchSoak: Bench = async ({ operand = '5', tell }) => {
  await using stack = new AsyncDisposableStack();
  const workshop = stack.use(openWorkshop());
  const { port } = stack.use(await startMosquitto({ config: () => ['set_tcp_nodelay true'] }));
  const nodeArguments = [...readUnitMemory().nodeArguments, ...inspectorArguments];
  const agent = await startAgent(stack, port, { priority: 'normal', nodeArguments, sections });
  const ask = await openQuestions(stack, agent);
  const runLoad = openLoad(workshop, port);
  const samples: Sample[] = [];
  const heaps: Heap[] = [];
  const forMs = Number(operand) * 60_000;
  const sinceMs = performance.now() + warmUpShare * forMs;
  const { rss: firstRss } = await ask.now();
  const nowMs = () => performance.now() - sinceMs;
  tell(`soak: ${operand} minutes, after ${Math.round((warmUpShare * forMs) / 60_000)}`);
  // Nothing else is asked meanwhile: with some requests over HTTP in each turn, most of what grew was V8's code for those.
  const load = async (bulkPerS: number) => {
    const probe = { topic: agent.probeTopic, perS: perS.probe };
    const loaded = await runLoad({ forMs: turnMs, probe, bulk: { topic: agent.bulkTopic, perS: bulkPerS, qos: 1 } });
    return loaded.bulkCount + loaded.probesNs.length;
  };
  const handledBefore = await agent.handledCount();
  let [sentCount, nextMs] = [0, 0];
  while (nowMs() < 0) sentCount += await load(perS.bulkInWarmUp);
  while (nowMs() < forMs) {
    sentCount += await load(perS.bulk);
    const atMs = nowMs();
    if (atMs < nextMs) continue;
    samples.push({ atMin: atMs / 60_000, ...(await ask.now()) });
    heaps.push(
      ...(await ask.collections()).map(({ atMs: ms, ...heap }) => ({ atMin: (ms - sinceMs) / 60_000, ...heap })),
    );
    nextMs += forMs / samplesCountMax;
  }
  await delay(1_000);
  const handledCount = (await agent.handledCount()) - handledBefore;
  const slots = await slotsUsed(agent);
  return [
    ...growthFigures(samples),
    ...heapFigures(heaps.filter(({ atMin }) => atMin >= 0)),
    ...constancyFigures(samples),
    figure('rss, grown in the warm-up', ((samples[0]?.rss ?? Number.NaN) - firstRss) / kilobyte, 'kB'),
    figure('slots of the pool lent at the end', slots, '', { atMost: 0 }),
    figure('commands carried out', (100 * handledCount) / sentCount, '%', { atLeast: 99.9 }),
    figure('commands', sentCount, ''),
  ];
};

interface Questions {
  now(): Promise<Omit<Sample, 'atMin'>>;
  /** Since the last time; `atMs` by our monotonic clock. */
  collections(): Promise<readonly (Omit<Heap, 'atMin'> & { readonly atMs: number })[]>;
}

async function openQuestions(stack: AsyncDisposableStack, agent: AgentResponder): Promise<Questions> {
  const evaluate = await openInspector(stack, agent);
  await evaluate(watching);
  return {
    now: async () => ({
      ...JSON.parse(await evaluate(question)),
      asked: askedBytes(agent.pid),
      fds: readdirSync(`/proc/${agent.pid}/fd`).length,
    }),
    async collections() {
      const agoMs = Date.now() - performance.now();
      const rows: { wallMs: number; heap: number; code: number }[] = JSON.parse(await evaluate(collected));
      return rows.map(({ wallMs, ...heap }) => ({ atMs: wallMs - agoMs, ...heap }));
    },
  };
}

const kilobyte = 1_024;

function askedBytes(pid: number): number {
  const [, kilobytes] = /^VmData:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * kilobyte;
}

function slope<Row extends { readonly atMin: number }>(rows: readonly Row[], of: (row: Row) => number): Slope {
  return slopeOf(rows.map((row) => [row.atMin, of(row)]));
}

function growthFigure(name: string, { perUnit, halfWidth }: Slope): Figure {
  return figure(`${name}, slope`, perUnit / kilobyte, 'kB/min', {
    atMost: Number((halfWidth / kilobyte).toPrecision(3)),
  });
}

function growthFigures(samples: readonly Sample[]): readonly Figure[] {
  const names = { rss: 'rss', asked: 'asked of the kernel', outside: 'outside' } as const;
  return (['rss', 'asked', 'outside'] as const).map((what) =>
    growthFigure(
      names[what],
      slope(samples, (sample) => sample[what]),
    ),
  );
}

function heapFigures(heaps: readonly Heap[]): readonly Figure[] {
  const counted = figure('full collections', heaps.length, '');
  if (heaps.length < collectionsCountMin) return [counted]; // Too few to tell.
  const told = (name: string, of: (heap: Heap) => number) =>
    figure(`${name}, slope`, slope(heaps, of).perUnit / kilobyte, 'kB/min');
  return [
    growthFigure(
      'heap',
      slope(heaps, ({ heap }) => heap),
    ),
    told('compiled code in the heap', ({ code }) => code),
    told('all else in the heap', ({ heap, code }) => heap - code),
    counted,
  ];
}

function constancyFigures(samples: readonly Sample[]): readonly Figure[] {
  return (['fds', 'listeners', 'handles'] as const).map((what) => {
    const { perUnit, halfWidth } = slope(samples, (sample) => sample[what]);
    return figure(`${what}, slope`, perUnit, '1/min', { atMost: Number(halfWidth.toPrecision(3)) });
  });
}

async function slotsUsed(agent: AgentResponder): Promise<number> {
  const rows = [...(await agent.metrics()).matchAll(/^qn_pool_slots_used\{[^}]*\} (\d+)$/gm)];
  if (rows.length === 0) throw new Error('the agent tells nothing of its pool');
  return rows.reduce((sum, [, count]) => sum + Number(count), 0);
}
