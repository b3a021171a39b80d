import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { InputRequest, OutputRequest } from '../../drivers/contract/digital.ts';
import { ok } from '../../drivers/contract/result.ts';
import { openGpioChip } from '../../drivers/gpio-chip.ts';
import { findChips } from '../../drivers/gpiochip/chips.ts';
import { nearestLineNames } from '../../drivers/gpiochip/nearest-names.ts';
import { type ChipLayout, resolveLine } from '../../drivers/gpiochip/resolve.ts';
import { loadNativeGpio } from '../../drivers/native/addon.ts';
import { codeOf } from '../../drivers/system-error.ts';
import { valueOf } from '../support/value-of.ts';
import { anyPi, piLayouts } from './gpio-chip/pi-layouts.ts';
import { createScriptedKernel, type KernelScript, type ScriptedKernel } from './gpio-chip/scripted-kernel.ts';

describe('a line is where its name or its label says, whatever the number of the chip', () => {
  test.for(piLayouts)('GPIO17 on a $board is offset 17 of the header', ({ chips, headerPath }) => {
    expect(resolveLine(chips, 'GPIO17')).toEqual({ ok: true, value: { path: headerPath, offset: 17 } });
  });

  test.for(piLayouts)(
    'every GPIO0 to GPIO27 of a $board is at its offset, whatever its device tree calls it',
    ({ chips, headerPath }) => {
      const resolved = Array.from({ length: 28 }, (_, offset) => resolveLine(chips, `GPIO${offset}`));
      expect(resolved).toEqual(resolved.map((_, offset) => ({ ok: true, value: { path: headerPath, offset } })));
      expect(resolveLine(chips, 'GPIO28')).toMatchObject({ ok: false, error: { kind: 'absent' } });
    },
  );

  test.for(piLayouts)('the label finds the same line on a $board', ({ chips, headerPath, headerLabel }) => {
    const resolved = resolveLine(chips, { chip: headerLabel, offset: 17 });
    expect(resolved).toEqual({ ok: true, value: { path: headerPath, offset: 17 } });
  });

  test('a name of the kernel wins over the number of the header', () => {
    const header = piLayouts.find(({ board }) => board === 'Pi 3 B, kernel 6.12')!.chips;
    const expander: ChipLayout = { path: '/dev/gpiochip7', label: 'pca9535', lineNames: ['', 'GPIO4'] };
    expect(resolveLine([...header, expander], 'GPIO4')).toEqual({
      ok: true,
      value: { path: '/dev/gpiochip7', offset: 1 },
    });
    expect(resolveLine([expander], 'GPIO5')).toMatchObject({ error: { kind: 'absent' } });
    expect(resolveLine(header, 'GPIO_GCLK')).toMatchObject({ value: { offset: 4 } });
  });

  test('the rows are of different chips, so that a resolver of numbers would fail', () => {
    const headers = new Set(piLayouts.map(({ headerPath }) => headerPath));
    expect([...headers].sort()).toEqual(['/dev/gpiochip0', '/dev/gpiochip15', '/dev/gpiochip4']);
  });
});

describe('a line that cannot be told', () => {
  const two: readonly ChipLayout[] = [
    { path: '/dev/gpiochip0', label: 'pinctrl-rp1', lineNames: ['', 'GPIO1', 'LED', '-', '-'] },
    { path: '/dev/gpiochip1', label: 'pca9535', lineNames: ['LED', 'RELAY1'] },
    { path: '/dev/gpiochip2', label: 'pca9535', lineNames: [] },
  ];
  test.for([
    ['a name that is nowhere', 'GPIO01', 'no line of this name on pinctrl-rp1, pca9535, pca9535', 'did you mean GPIO1'],
    ['nothing like it', '\u00e4', 'no line of this name', 'write { chip: LABEL, offset: N }, see gpioinfo'],
    ['an empty name, which many lines have', '', 'no line of this name', 'gpioinfo'],
    ['a name on two chips', 'LED', '2 lines have this name', 'for one of: pinctrl-rp1:2, pca9535:0'],
    ['a name twice on one chip', '-', '2 lines have this name', 'pinctrl-rp1:3, pinctrl-rp1:4'],
    ['a label that is nowhere', { chip: 'pinctrl-bcm2711', offset: 0 }, 'no chip is labelled', 'pinctrl-rp1 (5 lines)'],
    [
      'a label of two chips',
      { chip: 'pca9535', offset: 0 },
      '2 chips are labelled pca9535: /dev/gpiochip1',
      'use line names',
    ],
    ['the offset behind the last', { chip: 'pinctrl-rp1', offset: 5 }, 'has the offsets 0 to 4 only', 'pinctrl-rp1 (5'],
    ['an offset below nothing', { chip: 'pinctrl-rp1', offset: -1 }, 'has the offsets 0 to 4 only', 'pinctrl-rp1 (5'],
  ] as const)('%s is absent, and the fix names what there is', ([, line, detail, fix]) => {
    expect(resolveLine(two, line)).toMatchObject({
      ok: false,
      error: {
        kind: 'absent',
        operation: 'open',
        detail: expect.stringContaining(detail),
        fix: expect.stringContaining(fix),
      },
    });
  });

  test('no chips at all', () => {
    expect(resolveLine([], 'GPIO17')).toMatchObject({ error: { detail: 'no line of this name on any chip' } });
  });
});

test.for([
  ['gpio_17', ['GPIO17', 'GPIO1', 'GPIO2']],
  ['BCM17', ['GPIO17']],
  ['17', ['GPIO17']],
  ['GPIO99', ['GPIO1', 'GPIO2', 'GPIO17']],
  ['relay', ['RELAY1']],
  ['x', []],
] as const)('%s is most like %j', ([name, nearest]) => {
  expect(nearestLineNames(name, ['', '-', 'LED', 'RELAY1', 'GPIO1', 'GPIO2', 'GPIO17'])).toEqual(nearest);
});

const output: OutputRequest = { line: 'GPIO17', initial: 1, consumer: 'qn-agent' };
const input: InputRequest = { line: 'GPIO17', bias: 'as-is', consumer: 'qn-agent' };

describe('what the kernel answers', () => {
  const { chips } = anyPi;
  const refusals: readonly (readonly [string, Omit<KernelScript, 'chips'>, object])[] = [
    [
      'a line somebody holds is busy and names the holder as the kernel does',
      { fails: { request: { code: 'EBUSY', call: 'GPIO_V2_GET_LINE_IOCTL' } }, consumer: 'w1' },
      { kind: 'busy', operation: 'open', detail: 'held by w1', cause: { code: 'EBUSY' } },
    ],
    [
      'a chip this user may not open is denied, and the fix is the group',
      { fails: { open: { code: 'EACCES', call: 'open' } } },
      { kind: 'denied', fix: expect.stringContaining('usermod -aG gpio') },
    ],
    [
      'a kernel before 5.10 is unsupported',
      { fails: { line: { code: 'EINVAL', call: 'GPIO_V2_GET_LINEINFO_IOCTL' } } },
      { kind: 'unsupported', fix: expect.stringContaining('Linux 5.10') },
    ],
    [
      'anything else is io, in the words of the system and with the chip',
      { fails: { request: { code: 'EIO', call: 'GPIO_V2_GET_LINE_IOCTL' } } },
      { kind: 'io', resource: 'GPIO17', detail: expect.stringMatching(/^EIO: .*gpiochip0$/) },
    ],
  ];
  test.for(refusals)('%s', async ([, script, error]) => {
    const kernel = createScriptedKernel({ chips, ...script });
    await using backend = await openOn(kernel, chips);
    expect(await backend.openOutput(output)).toMatchObject({ ok: false, error });
    expect(await backend.openInput(input)).toMatchObject({ ok: false, error });
    expect(kernel.open.size).toBe(0);
  });

  test.for(['get', 'watch'] as const)('an input whose %s fails is given back', async (call) => {
    const kernel = createScriptedKernel({ chips, fails: { [call]: { code: 'EIO', call } } });
    await using backend = await openOn(kernel, chips);
    expect(await backend.openInput(input)).toMatchObject({ ok: false, error: { kind: 'io' } });
    expect(kernel.open.size).toBe(0);
  });

  test('an input whose chip is gone says so, unless it was disposed of', async () => {
    const kernel = createScriptedKernel({ chips });
    await using backend = await openOn(kernel, chips);
    const opened = valueOf(await backend.openInput(input));
    const lost: unknown[] = [];
    opened.onLost?.((error) => lost.push(error));
    kernel.unplug();
    await opened[Symbol.asyncDispose]();
    kernel.unplug();
    expect(lost).toMatchObject([{ operation: 'watch', resource: 'GPIO17', cause: { code: 'ENODEV' } }]);
  });

  test('an output whose chip is gone says so to who has it: also after its line was kept for somebody else', async () => {
    const kernel = createScriptedKernel({ chips });
    await using backend = await openOn(kernel, chips);
    const lost: string[] = [];
    const first = valueOf(await backend.openOutput(output));
    first.onLost?.(() => lost.push('first'));
    first.keep?.();
    const second = valueOf(await backend.openOutput(output));
    kernel.unplug();
    expect(lost).toEqual([]);
    second.onLost?.(({ cause }) => lost.push(`second: ${codeOf(cause)}`));
    kernel.unplug();
    await second[Symbol.asyncDispose]();
    kernel.unplug();
    expect(lost).toEqual(['second: ENODEV']);
  });

  test.for([0n, 1n] as const)(
    'a line to be driven as it is goes from found to driven %s without being let go of',
    async (found) => {
      const kernel = createScriptedKernel({ chips, found });
      await using backend = await openOn(kernel, chips);
      const opened = valueOf(await backend.openOutput({ ...output, initial: 'as-is' }));
      expect(kernel.told).toEqual(['request 0', `configure 8 ${found}`]);
      await opened[Symbol.asyncDispose]();
      expect(kernel.told.at(-1)).toBe('close');
    },
  );

  test.for(['get', 'configure'] as const)('a line to be driven as it is whose %s fails is given back', async (call) => {
    const kernel = createScriptedKernel({ chips, fails: { [call]: { code: 'EIO', call } } });
    await using backend = await openOn(kernel, chips);
    const opened = await backend.openOutput({ ...output, initial: 'as-is' });
    expect(opened).toMatchObject({ ok: false, error: { kind: 'io', operation: 'open', resource: 'GPIO17' } });
    expect(kernel.open.size).toBe(0);
  });

  test('chips are closed again, lines stay open until disposal', async () => {
    const kernel = createScriptedKernel({ chips });
    await using backend = await openOn(kernel, chips);
    const opened = await backend.openOutput(output);
    expect(kernel.open.size).toBe(1);
    if (opened.ok) await opened.value[Symbol.asyncDispose]();
    expect(kernel.open.size).toBe(0);
  });
});

describe('where there is nothing to open', () => {
  test('a machine without chips has no such backend, and the fix says what to do', async () => {
    const error = {
      kind: 'absent',
      detail: 'there is no GPIO chip in /proc/self',
      fix: expect.stringContaining('simulated'),
    };
    expect(await openGpioChip({ find: () => findChips('/proc/self') })).toMatchObject({ ok: false, error });
  });

  test('a machine without such a folder neither', async () => {
    expect(await findChips('/nowhere')).toMatchObject({ ok: false, error: { kind: 'absent' } });
  });

  test('files and links that are called like a chip are none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dev-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'gpiochip0'), '');
    symlinkSync('/dev/null', join(folder, 'gpiochip4')); // Pi 5: an old number, kept as a link to the new one.
    expect(await findChips(folder)).toMatchObject({ ok: false, error: { kind: 'absent' } });
  });

  test('a machine with chips but without the native file is unsupported', async () => {
    const find = async () => ok(['/dev/gpiochip0']);
    const opened = await openGpioChip({ find, load: () => loadNativeGpio('/nowhere/gpiochip.node') });
    expect(opened).toMatchObject({
      ok: false,
      error: { kind: 'unsupported', fix: expect.stringContaining('build:native') },
    });
  });
});

async function openOn(kernel: ScriptedKernel, chips: readonly ChipLayout[]) {
  return valueOf(await openGpioChip({ find: async () => ok(chips.map(({ path }) => path)), load: kernel.load }));
}
