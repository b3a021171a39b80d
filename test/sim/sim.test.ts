import { env } from 'node:process';
import { expect, it, vi } from 'vitest';
import type { Plant } from './plants.ts';
import { simulate } from './simulate.ts';

// How late the real event loop is has no place in a run that is to be the same each time.
vi.mock('node:perf_hooks', async (original) => {
  const idle = { percentile: () => 0, max: 0, enable: () => true, disable: () => true, reset() {} };
  return { ...(await original<object>()), monitorEventLoopDelay: () => idle };
});

const seedsMax = 200;
const first = Number(env['SIM_FIRST'] ?? 1);
const count = Number(env['SIM_SEEDS'] ?? seedsMax);
const one = env['SIM_SEED'];
const timeoutMs = 60_000 + count * 3_000; // So many run beside others, on a slow machine.

it.runIf(one === undefined)(
  `${count} seeds of trouble end well`,
  async () => {
    const startMs = Date.now();
    const sums = { crashes: 0, orders: 0, owed: 0, events: 0 };
    const failed: string[] = [];
    for (let seed = first; seed < first + count; seed += 1) {
      const run = await simulate(seed);
      sums.crashes += run.crashesCount;
      sums.orders += run.ordersCount;
      sums.owed += run.owedCount;
      sums.events += run.eventsCount;
      if (run.violations.length === 0) continue;
      failed.push(`SIM_SEED=${seed}: ${run.violations.slice(0, 5).join('\n  ')}`);
      console.log(failed.at(-1)); // At once: a long run may be cut short.
    }
    console.log(`${count} seeds, ${((Date.now() - startMs) / count).toFixed(1)} ms each, ${JSON.stringify(sums)}`);
    expect(Math.min(...Object.values(sums))).toBeGreaterThan(0); // Or nothing was tried.
    expect(failed.slice(0, 20).join('\n'), `${failed.length} of ${count} seeds failed`).toBe('');
  },
  timeoutMs,
);

it.runIf(one !== undefined)(
  one === undefined ? 'one seed with a trace (set SIM_SEED to replay it)' : `seed ${one} ends well`,
  async () => {
    const run = await simulate(Number(one), { trace: (line) => void process.stdout.write(`${line}\n`) });
    expect(run.violations).toEqual([]);
  },
  timeoutMs,
);

it.runIf(one === undefined)('a seed always gives the same run', async () => {
  for (const seed of [1, 2, 3]) expect((await simulate(seed)).fingerprint).toBe((await simulate(seed)).fingerprint);
});

const plants: readonly Plant[] = [
  'forgetful journal',
  'unread journal',
  'flattering journal',
  'hasty outbox',
  'reader without base',
];

it.runIf(one === undefined).each(plants)(
  `a %s is found within ${seedsMax} seeds`,
  async (plant) => {
    for (let seed = 1; seed <= seedsMax; seed += 1) {
      const { violations } = await simulate(seed, { plant });
      if (violations.length > 0) return console.log(`${plant}: seed ${seed}: ${violations[0]}`);
    }
    expect.fail(`${seedsMax} seeds found nothing`);
  },
  timeoutMs,
);
