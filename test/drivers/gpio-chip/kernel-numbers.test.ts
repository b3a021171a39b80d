import { describe, expect, test } from 'vitest';
import {
  formatLine,
  type InputRequest,
  type LineAddress,
  type OutputRequest,
} from '../../../drivers/contract/digital.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { openGpioChip } from '../../../drivers/gpio-chip.ts';
import { KeptLines } from '../../../drivers/gpiochip/kept-lines.ts';
import type { ChipLayout } from '../../../drivers/gpiochip/resolve.ts';
import { valueOf } from '../../support/value-of.ts';
import { anyPi } from './pi-layouts.ts';
import { createScriptedKernel, type ScriptedKernel } from './scripted-kernel.ts';

const output: OutputRequest = { line: 'GPIO17', initial: 1, consumer: 'qn-agent' };
const input: InputRequest = { line: 'GPIO17', bias: 'as-is', consumer: 'qn-agent' };

describe('edges have the numbers of the kernel', () => {
  const { chips } = anyPi;
  const observe = async (edges?: InputRequest['edges']) => {
    const kernel = createScriptedKernel({ chips });
    const backend = await openOn(kernel, chips);
    const opened = valueOf(await backend.openInput({ ...input, ...(edges !== undefined && { edges }) }));
    const told: string[] = [];
    opened.onEdge(({ level, missedCount = 0 }) => told.push(`${level} ${missedCount}`));
    return { kernel, told };
  };

  test('a gap is told with the next edge, be it at the beginning or later', async () => {
    const { kernel, told } = await observe('rising');
    expect(kernel.told).toEqual(['request 20']);
    kernel.happen([1, 4], [1, 5]);
    kernel.happen([1, 9]);
    expect(told).toEqual(['1 3', '1 0', '1 3']);
  });

  test('who asks for changes gets no level twice; what is left out counts as missed', async () => {
    const { kernel, told } = await observe();
    expect(kernel.told).toEqual(['request 52']);
    kernel.happen([1, 1], [1, 2], [0, 3], [0, 4], [1, 7]);
    expect(told).toEqual(['1 0', '0 1', '1 3']);
  });

  test.for([
    ['falling', 36],
    ['both', 52],
  ] as const)('%s edges are asked of the kernel as such', async ([edges, flags]) => {
    expect((await observe(edges)).kernel.told).toEqual([`request ${flags}`]);
  });
});

describe('a line that was kept meanwhile', () => {
  const { chips } = anyPi;
  const keep = async (found?: 0n | 1n, line: LineAddress = 'GPIO17') => {
    const kernel = createScriptedKernel({ chips, ...(found !== undefined && { found }) });
    const before = await openOn(kernel, chips);
    const { held } = valueOf(await before.openOutput({ ...output, line }));
    const kept = new KeptLines([{ resource: formatLine(line), native: valueOf(kernel.load()), lines: held! }]);
    const find = async () => ok(chips.map(({ path }) => path));
    return { kernel, kept, backend: valueOf(await openGpioChip({ find, load: kernel.load, kept })) };
  };

  test.for([0, 1] as const)('is not requested again, but told the level %i in the same request', async (initial) => {
    const { kernel, kept, backend } = await keep();
    await using _output = valueOf(await backend.openOutput({ ...output, initial }));
    expect(kernel.told).toEqual(['request 8', `configure 8 ${initial}`]);
    expect(kept.count).toBe(0);
  });

  test.for([0, 1] as const)('says that it was found with the level %i', async (found) => {
    const { backend } = await keep(found === 1 ? 1n : 0n);
    await using opened = valueOf(await backend.openOutput({ ...output, initial: 0 }));
    expect(opened.found).toBe(found);
  });

  test('keeps its level where it is to be taken as it is', async () => {
    const { kernel, backend } = await keep(1n);
    await using _output = valueOf(await backend.openOutput({ ...output, initial: 'as-is' }));
    expect(kernel.told).toEqual(['request 8', 'configure 8 1']);
  });

  test('is let go of when it is to be an input', async () => {
    const { kernel, backend } = await keep();
    await using _input = valueOf(await backend.openInput(input));
    expect(kernel.told).toEqual(['request 8', 'close', 'request 52']);
  });

  test.for([
    ['GPIO17', { chip: 'pinctrl-bcm2711', offset: 17 }],
    [{ chip: 'pinctrl-bcm2711', offset: 17 }, 'GPIO17'],
  ])('is the same line under another address (%o, %o)', async ([before, after]) => {
    const { kernel, kept, backend } = await keep(0n, before);
    const opened = valueOf(await backend.openOutput({ ...output, line: after! }));
    expect(opened.resource).toBe(formatLine(after!));
    expect(kernel.told).toEqual(['request 8', 'configure 8 1']);
    expect(kept.count).toBe(0);
  });

  test('is not taken for its neighbour, nor for a line of another chip', async () => {
    const { kernel, kept, backend } = await keep();
    await using _other = valueOf(await backend.openOutput({ ...output, line: 'GPIO18' }));
    await using _far = valueOf(
      await backend.openOutput({ ...output, line: { chip: 'raspberrypi-exp-gpio', offset: 7 } }),
    );
    expect(kernel.told).toEqual(['request 8', 'request 8', 'request 8']);
    expect(kept.count).toBe(1);
  });

  test('is let go of when nobody takes it', async () => {
    const { kernel, kept } = await keep();
    kept[Symbol.dispose]();
    expect(kernel.told).toEqual(['request 8', 'close']);
    expect(kernel.open.size).toBe(0);
  });
});

describe('an output whose line is kept', () => {
  const { chips } = anyPi;
  const keep = async () => {
    const kernel = createScriptedKernel({ chips, found: 1n });
    const backend = await openOn(kernel, chips);
    const opened = valueOf(await backend.openOutput(output));
    opened.keep?.();
    return { kernel, backend, opened };
  };

  test('is over, and its line is still held', async () => {
    const { kernel, opened } = await keep();
    expect(opened.write(0)).toMatchObject({ ok: false, error: { kind: 'closed' } });
    opened.keep?.();
    await opened[Symbol.asyncDispose]();
    expect(kernel.told).toEqual(['request 8']);
    expect(kernel.open.size).toBe(1);
  });

  test('goes on in the next output of the line, be it kept once more', async () => {
    const { kernel, backend } = await keep();
    const second = valueOf(await backend.openOutput({ ...output, initial: 'as-is' }));
    second.keep?.();
    await using _third = valueOf(await backend.openOutput({ ...output, initial: 0 }));
    expect(kernel.told).toEqual(['request 8', 'configure 8 1', 'configure 8 0']);
    backend.freeKept?.();
    expect(kernel.open.size).toBe(1);
  });

  test.for(['freeKept', 'disposal'] as const)('lets go of it at %s, if nobody came', async (way) => {
    const { kernel, backend } = await keep();
    if (way === 'freeKept') backend.freeKept?.();
    else await backend[Symbol.asyncDispose]();
    expect(kernel.told).toEqual(['request 8', 'close']);
    expect(kernel.open.size).toBe(0);
  });
});

async function openOn(kernel: ScriptedKernel, chips: readonly ChipLayout[]) {
  return valueOf(await openGpioChip({ find: async () => ok(chips.map(({ path }) => path)), load: kernel.load }));
}
