import { execFile } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as limits from '../../../agent/limits.ts';
import { openGpioChip } from '../../../drivers/gpio-chip.ts';
import { fieldOf, type Heard } from '../../support/heard.ts';
import { type MemoryAgent, startMemoryAgent } from '../../support/memory-agent.ts';
import { until } from '../../support/until.ts';
import type { SimulatedChip } from './sim.ts';

const stormMs = 3_000;
/** Well above the rule of an input, which is what must not matter; how many the emulated kernel makes is told. */
const stormEdgesPerSMin = 5_000;
const pulsesCount = 400;
const commandsCount = 10;
const hearMsMax = 15_000;

const documents = [
  'loose: { driver: gpio-in, line: GPIO24, storm: { retry: 1s } }',
  'flow: { driver: gpio-counter, line: GPIO25, edge: rising }',
  'relay: { driver: gpio-out, line: GPIO26 }',
];

/** The whole agent on lines of the kernel, while one of them floats. */
export function stormOnKernel(chip: SimulatedChip): void {
  describe('a wire that is loose, on a real kernel', () => {
    test('costs its own document and nothing else, and the document comes back when it is quiet', async () => {
      for (const offset of [24, 25]) chip.pull(offset, 0);
      await using rig = await startMemoryAgent({ documents, openGpio: () => openGpioChip() });
      await rig.hear({ verb: 'state', document: 'loose' });
      const before = rig.all.length;
      const lag = monitorEventLoopDelay({ resolution: 5 });
      lag.enable();
      const shaking = promisify(execFile)('/app/shake', [chip.pullFile(24), String(stormMs)]);
      await rig.hear(
        { document: 'loose', test: ({ message }) => fieldOf(message.val, 'disabled') === 'storm' },
        hearMsMax,
      );
      for (let pulse = 0; pulse < pulsesCount; pulse += 1) for (const level of [1, 0] as const) chip.pull(25, level);
      for (let times = 1; times <= commandsCount; times += 1) {
        rig.say('notify/relay', 'toggle');
        await rig.hear({ verb: 'ack', document: 'relay', status: 'successful' }, hearMsMax);
        expect(chip.level(26)).toBe(times % 2);
      }
      const edgesPerS = Number((await shaking).stdout) / (stormMs / 1_000);
      lag.disable();
      console.log(
        `note: storm of ${Math.round(edgesPerS)} edges/s, loop lag p99 ${Math.round(lag.percentile(99) / 1e6) - 5} ms`,
      );
      expect(edgesPerS).toBeGreaterThan(stormEdgesPerSMin);
      const about = rig.all.slice(before).filter(({ document }) => document === 'loose');
      // Each edge that the rule allows is an event and a change of the state, whenever it is tried again.
      const triesCount = 1 + Math.ceil(Math.log2(1 + stormMs / 1_000));
      const allowed = (limits.stormInputRateDefault * limits.stormWindowMsDefault) / 1_000;
      expect(about.length).toBeLessThan(triesCount * (2 * allowed + 2) + 1);
      await until(() => lastCount(rig) === pulsesCount, 'the count of the other line');
      chip.pull(24, 0);
      await until(() => isWorking(rig, 'loose'), 'the line to be tried again');
      const quietFrom = rig.all.length;
      chip.pull(24, 1);
      const isEdge = ({ verb, document, message }: Heard) =>
        verb === 'event' && document === 'loose' && message.val === true;
      await until(() => rig.all.slice(quietFrom).some(isEdge), 'an edge of the line that was loose');
    }, 60_000);
  });
}

function lastCount({ all }: MemoryAgent): unknown {
  return fieldOf(all.findLast(({ document }) => document === 'flow')?.message.val, 'count');
}

function isWorking({ agent }: MemoryAgent, name: string): boolean {
  return agent.sources.drivers().some(({ document, state }) => document === name && state === 'working');
}
