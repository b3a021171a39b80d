import { renameSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Edge, GpioBackend } from '../../../drivers/contract/digital.ts';
import { openGpioChip } from '../../../drivers/gpio-chip.ts';
import { addonFile } from '../../../drivers/native/addon-file.ts';
import { openGpioBackend } from '../../../drivers/registry.ts';
import { openFilesCount } from '../../support/open-files.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';
import type { SimulatedChip } from './sim.ts';

const nobody = 65_534;
const consumer = 'qn-agent';

/** What only the character device can do, and only a kernel can show. Line 1 of the chip is `STATUS`, held by the kernel. */
export function gpiochipOnly(chip: SimulatedChip): void {
  const open = async (): Promise<GpioBackend> => valueOf(await openGpioChip());
  const line = 'GPIO20';

  describe('gpiochip on a real kernel', () => {
    test('auto takes the character device', async () => {
      await using backend = valueOf(await openGpioBackend({ backend: 'auto' }));
      expect(backend.name).toBe('gpiochip');
    });

    test('auto does not go around it where its native file is missing', async () => {
      const file = addonFile('gpiochip.node');
      renameSync(file, `${file}.away`);
      onTestFinished(() => renameSync(`${file}.away`, file));
      const opened = await openGpioBackend({ backend: 'auto' });
      expect(opened).toMatchObject({
        ok: false,
        error: { kind: 'unsupported', detail: expect.stringContaining(file) },
      });
    });

    test('a line held by the kernel is busy and names its consumer', async () => {
      await using backend = await open();
      const opened = await backend.openOutput({ line: 'STATUS', initial: 0, consumer });
      expect(opened).toMatchObject({ ok: false, error: { kind: 'busy', detail: 'held by heartbeat' } });
    });

    test('a line held by us is busy with our own name, and free again after disposal', async () => {
      await using backend = await open();
      const held = valueOf(await backend.openOutput({ line, initial: 0, consumer: 'first-of-us' }));
      const opened = await backend.openInput({ line, bias: 'as-is', consumer });
      expect(opened).toMatchObject({ ok: false, error: { kind: 'busy', detail: 'held by first-of-us' } });
      await held[Symbol.asyncDispose]();
      await using _input = valueOf(await backend.openInput({ line, bias: 'as-is', consumer }));
    });

    test('a name on two chips is absent, and the fix lists both', async () => {
      await using backend = await open();
      const opened = await backend.openOutput({ line: 'TWICE', initial: 0, consumer });
      expect(opened).toMatchObject({
        ok: false,
        error: { kind: 'absent', detail: '2 lines have this name', fix: expect.stringContaining(`${chip.label}:2, `) },
      });
    });

    test('an unknown name is absent and the nearest are told', async () => {
      await using backend = await open();
      const opened = await backend.openOutput({ line: 'gpio_17', initial: 0, consumer });
      expect(opened).toMatchObject({ ok: false, error: { kind: 'absent', fix: expect.stringContaining('GPIO17') } });
    });

    test('who is not in the group is denied, and the fix is the group', async () => {
      await using backend = await open();
      process.seteuid?.(nobody);
      onTestFinished(() => process.seteuid?.(0));
      const opened = await backend.openOutput({ line, initial: 0, consumer });
      process.seteuid?.(0);
      expect(opened).toMatchObject({
        ok: false,
        error: { kind: 'denied', fix: expect.stringContaining('group gpio') },
      });
    });

    test.for(['pull-up', 'pull-down'] as const)('an input opened with %s has that resistor', async (bias) => {
      chip.pull(20, bias === 'pull-up' ? 0 : 1);
      await using backend = await open();
      await using input = valueOf(await backend.openInput({ line, bias, consumer }));
      expect(chip.bias(20)).toBe(bias);
      expect(input.read()).toEqual({ ok: true, value: bias === 'pull-up' ? 1 : 0 });
    });

    test.for([0, 1] as const)('an output opened with %i on a wire that is there leaves it alone', async (level) => {
      chip.pull(20, level);
      chip.forgetChanges();
      await using backend = await open();
      await using _output = valueOf(await backend.openOutput({ line, initial: level, consumer }));
      expect(chip.changes(20, level)).toEqual([]);
      expect(chip.level(20)).toBe(level);
    });

    test('an edge has the stamp of the kernel, on the monotonic clock', async () => {
      chip.pull(20, 0);
      await using backend = await open();
      await using input = valueOf(await backend.openInput({ line, bias: 'as-is', consumer }));
      const edges: Edge[] = [];
      input.onEdge((edge) => edges.push(edge));
      const beforeNs = process.hrtime.bigint();
      chip.pull(20, 1);
      const afterNs = process.hrtime.bigint();
      const stuckUntilNs = afterNs + 30_000_000n;
      while (process.hrtime.bigint() < stuckUntilNs); // We are late, the stamp is not.
      await until(() => edges.length > 0, 'the edge');
      expect(edges).toHaveLength(1);
      expect(edges[0]?.atNs ?? 0n).toBeGreaterThan(beforeNs);
      expect(edges[0]?.atNs ?? 0n).toBeLessThan(stuckUntilNs);
    });

    test('more edges than the kernel keeps end with the level of the wire, and alternate', async () => {
      chip.pull(20, 0);
      await using backend = await open();
      await using input = valueOf(await backend.openInput({ line, bias: 'as-is', consumer }));
      const edges: Edge[] = [];
      input.onEdge((edge) => edges.push(edge));
      for (let pulse = 0; pulse < 800; pulse += 1) for (const level of [1, 0] as const) chip.pull(20, level);
      chip.pull(20, 1);
      await until(() => edges.at(-1)?.level === 1, 'the last edge');
      expect(edges.every(({ level }, index) => level === (index % 2 === 0 ? 1 : 0))).toBe(true);
    });

    test.for([
      ['rising', 1_500],
      ['falling', 1_500],
      ['both', 3_000],
    ] as const)('%s edges are all counted, also those that the kernel had no room for', async ([kind, count]) => {
      chip.pull(20, 0);
      await using backend = await open();
      await using input = valueOf(await backend.openInput({ line, bias: 'as-is', edges: kind, consumer }));
      const edges: Edge[] = [];
      input.onEdge((edge) => edges.push(edge));
      for (let pulse = 0; pulse < 1_500; pulse += 1) for (const level of [1, 0] as const) chip.pull(20, level);
      const counted = () => edges.reduce((sum, { missedCount = 0 }) => sum + 1 + missedCount, 0);
      await until(() => counted() >= count, 'the last edge');
      expect(counted()).toBe(count);
      expect(edges.length).toBeLessThan(count); // More than the kernel keeps: else this would show nothing.
    });

    test('lines that are opened and disposed of leave no descriptor behind', async () => {
      await using backend = await open();
      const before = openFilesCount();
      for (let round = 0; round < 50; round += 1) {
        const output = valueOf(await backend.openOutput({ line, initial: 1, consumer }));
        await output[Symbol.asyncDispose]();
        const input = valueOf(await backend.openInput({ line, bias: 'as-is', consumer }));
        input.onEdge(() => undefined);
        await input[Symbol.asyncDispose]();
        await backend.openInput({ line: 'STATUS', bias: 'as-is', consumer });
      }
      expect(openFilesCount()).toBe(before);
    });
  });
}
