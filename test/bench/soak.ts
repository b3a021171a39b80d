import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openWorkshop } from '../support/c-compiler.ts';
import { connect } from '../support/dev-tools.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { readUnitMemory } from '../support/unit-file.ts';
import type { Bench } from './benches.ts';
import { type Figure, figure } from './figure.ts';
import { openLoad } from './load.ts';
import { type AgentResponder, startAgent } from './responders.ts';
import { type Slope, slopeOf } from './slope.ts';
import { runTurn } from './turn.ts';

const turnMs = 5_000;
const load = { forMs: turnMs, probesPerS: 20, bulkPerS: 1_000, bulkQos: 1 } as const;
/** Before what is measured, in parts of it: so long most is still being compiled, and tables grow. */
const warmUpShare = 1 / 3;
/** Few, for a collection goes before each of them. */
const samplesCountMax = 60;

/** What there is at one moment, in the process of the agent. */
interface Sample {
  readonly atMin: number;
  readonly rss: number;
  readonly heap: number;
  /** Of the heap: what V8 has compiled, and its notes about that. */
  readonly code: number;
  readonly outside: number;
  readonly fds: number;
  readonly listeners: number;
  readonly handles: number;
}

/** Run in the agent: after a collection, or the heap would tell when the last one was. */
const question = `(() => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const spaces = process.getBuiltinModule('node:v8').getHeapSpaceStatistics();
  const ofCode = spaces.filter(({ space_name: name }) => /^(code|trusted)_/.test(name));
  const code = ofCode.reduce((sum, { space_used_size: size }) => sum + size, 0);
  const handles = process._getActiveHandles();
  const count = (emitter) => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
  const listeners = [process, ...handles].reduce((sum, emitter) => sum + (emitter.eventNames ? count(emitter) : 0), 0);
  return JSON.stringify({ rss, heap: heapUsed, code, outside: external, listeners, handles: handles.length });
})()`;

/**
 * Whether anything grows: commands without end, a thousand a second and twenty that change an output, and in between,
 * sixty times at the most, the memory, file descriptors, listeners and open handles of the agent. A slope is a miss when it
 * is above zero by more than the half of its 95 % confidence interval. `soak=60`: so many minutes, and before them a third of
 * that to warm up.
 */
export const benchSoak: Bench = async ({ operand = '5', tell }) => {
  await using stack = new AsyncDisposableStack();
  const workshop = stack.use(openWorkshop());
  const { port } = stack.use(await startMosquitto({ config: () => ['set_tcp_nodelay true'] }));
  const nodeArguments = [...readUnitMemory().nodeArguments, '--expose-gc', '--inspect=127.0.0.1:0'];
  const agent = await startAgent(stack, port, { priority: 'normal', nodeArguments });
  const ask = await openQuestions(stack, agent);
  const runLoad = openLoad(workshop, port);
  const samples: Sample[] = [];
  const forMs = Number(operand) * 60_000;
  const sinceMs = performance.now() + warmUpShare * forMs;
  const nowMs = () => performance.now() - sinceMs;
  tell(`soak: ${operand} minutes, after ${Math.round((warmUpShare * forMs) / 60_000)}`);
  let [sentCount, handledCount, nextMs] = [0, 0, 0];
  while (nowMs() < forMs) {
    const turn = await runTurn(runLoad, agent, load);
    sentCount += turn.sentCount;
    handledCount += turn.handledCount;
    const atMs = nowMs();
    if (atMs < nextMs) continue;
    samples.push({ atMin: atMs / 60_000, ...(await ask()) });
    nextMs += forMs / samplesCountMax;
  }
  await delay(1_000);
  const slots = await slotsUsed(agent);
  return [
    ...growthFigures(samples),
    ...constancyFigures(samples),
    figure('slots of the pool lent at the end', slots, '', { atMost: 0 }),
    figure('commands carried out', (100 * handledCount) / sentCount, '%', { atLeast: 99.9 }),
    figure('commands', sentCount, ''),
  ];
};

async function openQuestions(
  stack: AsyncDisposableStack,
  agent: AgentResponder,
): Promise<() => Promise<Omit<Sample, 'atMin'>>> {
  const address = /Debugger listening on (ws:\S+)/.exec(agent.err)?.[1];
  if (address === undefined) throw new Error(`the agent opened no inspector: ${agent.err}`);
  const tools = await connect(address);
  stack.defer(() => tools.close());
  return async () => {
    const answer = await tools.send('Runtime.evaluate', { expression: question });
    return { ...JSON.parse(textOf(answer)), fds: readdirSync(`/proc/${agent.pid}/fd`).length };
  };
}

function textOf(answer: unknown): string {
  const { result } = JSON.parse(JSON.stringify(answer));
  if (typeof result?.value !== 'string') throw new Error(`the inspector answered ${JSON.stringify(answer)}`);
  return result.value;
}

const kilobyte = 1_024;

function slope(samples: readonly Sample[], of: (sample: Sample) => number): Slope {
  return slopeOf(samples.map((sample) => [sample.atMin, of(sample)]));
}

function growthFigures(samples: readonly Sample[]): readonly Figure[] {
  const judged = (['rss', 'heap', 'outside'] as const).map((what) => {
    const { perUnit, halfWidth } = slope(samples, (sample) => sample[what]);
    const bound = Number((halfWidth / kilobyte).toPrecision(3));
    return figure(`${what}, slope`, perUnit / kilobyte, 'kB/min', { atMost: bound });
  });
  const told = (name: string, among: readonly Sample[], of: (sample: Sample) => number) =>
    figure(`${name}, slope`, slope(among, of).perUnit / kilobyte, 'kB/min');
  return [
    ...judged,
    told('compiled code in the heap', samples, ({ code }) => code),
    told('all else in the heap', samples, ({ heap, code }) => heap - code),
    told('heap in the last half', samples.slice(samples.length / 2), ({ heap }) => heap),
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
