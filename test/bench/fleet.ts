import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startScript, type TestProcess } from '../support/agent-process.ts';
import { type Listener, openListener, statusOf } from '../support/heard.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import type { Bench } from './benches.ts';
import { createDistribution, type Distribution } from './distribution.ts';
import { figure } from './figure.ts';
import { cpuMsOf } from './responder.ts';

const processesCount = 4;
const steadyMs = 20_000;
const onlineMsMax = 120_000;
const megabyte = 1_048_576;

/**
 * Many boards at one broker, whole agents of which some share a process: how long until all of them are online, what one of
 * them costs when nothing happens, and how long until all are back after the broker was killed and started again.
 * `fleet=200`: so many of them.
 */
export const benchFleet: Bench = async ({ operand = '100', tell }) => {
  const count = Math.ceil(Number(operand) / processesCount) * processesCount;
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startMosquitto());
  const listener = stack.use(await openListener(broker.port, 'qn/1/+/health/agent'));
  tell(`fleet: ${count} agents begin at once`);
  const sinceMs = performance.now();
  const one = count / processesCount;
  const processes = Array.from({ length: processesCount }, (_, index) =>
    stack.use(startScript('test/bench/fleet-run.ts', [broker.port, index * one, one].map(String))),
  );
  const born = await untilOnline(listener, count, sinceMs);
  tell(`fleet: nothing happens for ${steadyMs / 1_000} s`);
  await delay(3_000);
  const before = processes.map(({ pid }) => cpuMsOf(pid)).reduce((sum, ms) => sum + ms, 0);
  await delay(steadyMs);
  const usedMs = processes.map(({ pid }) => cpuMsOf(pid)).reduce((sum, ms) => sum + ms, 0) - before;
  const privateMb = privateMbOf(processes) / count;
  tell('fleet: the broker is killed and comes back');
  await broker.kill();
  await broker.start();
  const returnMs = performance.now();
  const second = stack.use(await openListener(broker.port, 'qn/1/+/health/agent'));
  const back = await untilOnline(second, count, returnMs);
  return [
    figure('agents', count, ''),
    figure('until half of them were online', born.percentileMs(50), 'ms'),
    figure('until all were online', born.maxMs, 'ms'),
    figure('private memory of one', privateMb, 'MB'),
    figure('processor time of an idle one', (usedMs / count / steadyMs) * 60_000, 'ms/min'),
    figure('broker killed, until half were back', back.percentileMs(50), 'ms'),
    figure('broker killed, until all were back', back.maxMs, 'ms'),
  ];
};

/** When each of them was heard for the first time. */
async function untilOnline({ all }: Listener, count: number, sinceMs: number): Promise<Distribution> {
  const times = createDistribution();
  const seen = new Set<string>();
  let place = 0;
  while (seen.size < count) {
    for (; place < all.length; place += 1) {
      const heard = all[place];
      if (heard === undefined || seen.has(heard.target) || statusOf(heard) === 'offline') continue;
      seen.add(heard.target);
      times.addMs(performance.now() - sinceMs);
    }
    if (performance.now() - sinceMs > onlineMsMax) throw new Error(`only ${seen.size} of ${count} are online`);
    await delay(5);
  }
  return times;
}

function privateMbOf(processes: readonly TestProcess[]): number {
  const bytes = processes.map(({ pid }) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    const rows = [...text.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)];
    return rows.reduce((sum, [, kb]) => sum + Number(kb) * 1_024, 0);
  });
  return bytes.reduce((sum, of) => sum + of, 0) / megabyte;
}
