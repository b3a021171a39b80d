import { env } from 'node:process';
import { beforeAll, expect, it, vi } from 'vitest';
import { simulateChanges } from './simulate-changes.ts';

// How late a part is loaded has no place in a run that is to be the same each time.
beforeAll(async () => {
  await import('../../../agent/config/push/office.ts');
  await import('../../../agent/documents/mcu/open-mcu.ts');
  await import('../../../agent/trust/verifier.ts');
  await import('../../../drivers/modbus/open-bus.ts');
});

// Nor has how late the real event loop is.
vi.mock('node:perf_hooks', async (original) => {
  const idle = { percentile: () => 0, max: 0, enable: () => true, disable: () => true, reset() {} };
  return { ...(await original<object>()), monitorEventLoopDelay: () => idle };
});

const first = Number(env['CHANGES_FIRST'] ?? 141); // 146 is one that loses a count where nobody keeps it.
/** In it a pulse comes while others are closed, for an output that is about to get other rules. */
const pulsed = 421;
const count = Number(env['CHANGES_SEEDS'] ?? 10);
const seeds = [pulsed, ...Array.from({ length: count }, (_, index) => first + index)];
const one = env['CHANGES_SEED'];
const timeoutMs = 60_000 + count * 10_000; // So many run beside others, on a slow machine.

it.runIf(one === undefined)(
  `${seeds.length} boards that get random configs move nothing but what a config has to do with`,
  async () => {
    const startMs = Date.now();
    let takenCount = 0;
    const failed: string[] = [];
    for (const seed of seeds) {
      const run = await simulateChanges(seed);
      takenCount += run.takenCount;
      if (run.violations.length === 0) continue;
      failed.push(`CHANGES_SEED=${seed}: ${run.violations.slice(0, 5).join('\n  ')}`);
      console.log(failed.at(-1)); // At once: a long run may be cut short.
    }
    console.log(
      `${seeds.length} seeds, ${((Date.now() - startMs) / seeds.length).toFixed(1)} ms each, ${takenCount} configs taken`,
    );
    expect(takenCount).toBeGreaterThan(seeds.length); // Or nothing was tried.
    expect(failed.slice(0, 20).join('\n'), `${failed.length} of ${seeds.length} seeds failed`).toBe('');
  },
  timeoutMs,
);

it.runIf(one !== undefined)(
  one === undefined ? 'one seed with a trace (set CHANGES_SEED to replay it)' : `seed ${one} ends well`,
  async () => {
    const run = await simulateChanges(Number(one), (line) => void process.stdout.write(`${line}\n`));
    expect(run.violations).toEqual([]);
  },
  timeoutMs,
);
