import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemDriverClock } from '../../drivers/clock.ts';
import type { DriverError } from '../../drivers/contract/result.ts';
import { openSysfsGpio } from '../../drivers/gpio-sysfs.ts';
import { presenceEveryMs } from '../../drivers/limits.ts';
import { readSysfsChips, resolveSysfsNumber, type SysfsChip } from '../../drivers/sysfs/chips.ts';
import { exportLine } from '../../drivers/sysfs/export.ts';
import { readFoundLevel } from '../../drivers/sysfs/found-level.ts';
import { attachSysfsInput } from '../../drivers/sysfs/lines.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const expander = 'raspberrypi-exp-gpio';
const brcmstb = 'gpio-brcmstb@107d508500';

/** Bases as different boards and kernels have them. */
const boards: readonly { board: string; chips: readonly SysfsChip[]; gpio17: number }[] = [
  { board: 'Pi 3, kernel 5.15', chips: [chip('pinctrl-bcm2835', 0, 54), chip(expander, 504, 8)], gpio17: 17 },
  { board: 'Pi 4, kernel 5.15', chips: [chip('pinctrl-bcm2711', 0, 58), chip(expander, 504, 8)], gpio17: 17 },
  { board: 'Pi 3, base 458', chips: [chip('pinctrl-bcm2835', 458, 54), chip(expander, 504, 8)], gpio17: 475 },
  { board: 'Pi 3, kernel 6.6', chips: [chip('pinctrl-bcm2835', 512, 54), chip(expander, 566, 8)], gpio17: 529 },
  { board: 'Pi 4, kernel 6.6', chips: [chip('pinctrl-bcm2711', 512, 58), chip(expander, 570, 8)], gpio17: 529 },
  { board: 'Pi 5, kernel 6.1', chips: [chip(brcmstb, 367, 32), chip('pinctrl-rp1', 399, 54)], gpio17: 416 },
  { board: 'Pi 5, kernel 6.6', chips: [chip(brcmstb, 512, 32), chip('pinctrl-rp1', 571, 54)], gpio17: 588 },
];

describe('a line in sysfs is the base of its chip and its offset', () => {
  test.for(boards)('GPIO17 on $board is $gpio17', ({ chips, gpio17 }) => {
    expect(resolveSysfsNumber(chips, 'GPIO17')).toEqual({ ok: true, value: gpio17 });
  });

  test('a chip is found by its label, wherever it is', () => {
    const chips = [chip(brcmstb, 512, 32), chip('pinctrl-rp1', 571, 54)];
    expect(resolveSysfsNumber(chips, { chip: brcmstb, offset: 0 })).toEqual({ ok: true, value: 512 });
    expect(resolveSysfsNumber(chips, { chip: brcmstb, offset: 31 })).toEqual({ ok: true, value: 543 });
  });

  test.for([
    ['an offset beyond the chip', { chip: brcmstb, offset: 32 }, 'has the offsets 0 to 31 only'],
    ['an offset below nothing', { chip: brcmstb, offset: -1 }, 'has the offsets 0 to 31 only'],
    ['an unknown label', { chip: 'pca9535', offset: 0 }, 'no chip is labelled pca9535'],
    ['a plain name beyond the chip', 'GPIO54', 'pinctrl-rp1 has the offsets 0 to 53 only'],
    ['another name', 'SDA1', 'sysfs knows no line names'],
  ] as const)('%s is absent, and the fix names the chips', ([, line, detail]) => {
    const chips = [chip(brcmstb, 512, 32), chip('pinctrl-rp1', 571, 54)];
    expect(resolveSysfsNumber(chips, line)).toMatchObject({
      ok: false,
      error: {
        kind: 'absent',
        detail: expect.stringContaining(detail),
        fix: expect.stringContaining(`${brcmstb} (32 lines), pinctrl-rp1 (54 lines)`),
      },
    });
  });

  test('a board without a pinctrl- chip has no plain names', () => {
    const resolved = resolveSysfsNumber([chip('gpio0', 0, 32)], 'GPIO17');
    expect(resolved).toMatchObject({
      ok: false,
      error: { kind: 'absent', fix: expect.stringContaining('gpio0 (32 lines)') },
    });
  });
});

describe('the folder of sysfs', () => {
  test('chips are read from it, the lowest base first', async () => {
    const root = createRoot();
    putChip(root, chip('pinctrl-rp1', 571, 54));
    putChip(root, chip(brcmstb, 512, 32));
    expect(await readSysfsChips(root)).toEqual({
      ok: true,
      value: [chip(brcmstb, 512, 32), chip('pinctrl-rp1', 571, 54)],
    });
  });

  test('without it there is no sysfs backend, and the fix says what to do', async () => {
    const opened = await openSysfsGpio({ root: '/nowhere/gpio' });
    expect(opened).toMatchObject({
      ok: false,
      error: { kind: 'absent', detail: 'there is no /nowhere/gpio', fix: expect.stringContaining('simulated') },
    });
  });

  test('without a chip in it neither', async () => {
    const root = createRoot();
    expect(await openSysfsGpio({ root })).toMatchObject({
      ok: false,
      error: { kind: 'absent', detail: `there is no GPIO chip in ${root}` },
    });
  });

  test('an input with a pull of its own is unsupported, because sysfs cannot set it', async () => {
    const root = createRoot();
    putChip(root, chip('pinctrl-rp1', 571, 54));
    const backend = await openSysfsGpio({ root });
    if (!backend.ok) throw backend.error;
    const opened = await backend.value.openInput({ line: 'GPIO17', bias: 'pull-up', consumer: 'qn-agent' });
    expect(opened).toMatchObject({ ok: false, error: { kind: 'unsupported', fix: expect.stringContaining('as-is') } });
  });
});

describe('exporting a line', () => {
  const line = { resource: 'GPIO17', number: 588 };

  test('writes its number and waits until the files are there', async () => {
    const root = createRoot();
    writeFileSync(join(root, 'export'), '');
    const clock = {
      after(delayMs: number, action: () => void) {
        putLine(root, line.number); // Udev is done just now.
        return systemDriverClock.after(delayMs, action);
      },
    };
    expect(await exportLine(root, line, clock)).toEqual({ ok: true });
  });

  test('a line that is exported already is not exported again', async () => {
    const root = createRoot(); // Has no file `export`, so that a try would fail.
    putLine(root, line.number);
    expect(await exportLine(root, line, systemDriverClock)).toEqual({ ok: true });
  });

  test('it gives up after a bounded number of looks', async () => {
    const root = createRoot();
    writeFileSync(join(root, 'export'), '');
    let looksCount = 0;
    const clock = {
      after(_delayMs: number, action: () => void) {
        looksCount += 1;
        queueMicrotask(action);
        return { [Symbol.dispose]() {} };
      },
    };
    expect(await exportLine(root, line, clock)).toMatchObject({
      ok: false,
      error: { kind: 'io', detail: 'line 588 was exported, but its files did not appear' },
    });
    expect(looksCount).toBe(199);
  });
});

function chip(label: string, base: number, linesCount: number): SysfsChip {
  return { label, base, linesCount };
}

function createRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'sysfs-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return root;
}

function putChip(root: string, { label, base, linesCount }: SysfsChip): void {
  const folder = join(root, `gpiochip${base}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'label'), `${label}\n`);
  writeFileSync(join(folder, 'base'), `${base}\n`);
  writeFileSync(join(folder, 'ngpio'), `${linesCount}\n`);
}

function putLine(root: string, number: number): void {
  mkdirSync(join(root, `gpio${number}`));
  for (const name of ['value', 'direction', 'active_low', 'edge']) writeFileSync(join(root, `gpio${number}`, name), '');
}

describe('an input', () => {
  function attach() {
    const root = createRoot();
    putLine(root, 588);
    const clock = createFakeClock();
    const folder = join(root, 'gpio588');
    const gpio = { readSync: () => 0 as const, writeSync() {}, watch() {}, unexport() {} };
    const input = attachSysfsInput({ resource: 'GPIO17', gpio, folder, clock, found: 0, released() {} });
    const lost: DriverError[] = [];
    input.onLost?.((error) => lost.push(error));
    return { folder, clock, input, lost };
  }

  test('whose line was unexported, or is gone with its chip, says so once', async () => {
    const { folder, clock, lost } = attach();
    await clock.advance(2 * presenceEveryMs);
    expect(lost).toEqual([]);
    rmSync(folder, { recursive: true });
    await clock.advance(2 * presenceEveryMs);
    expect(lost).toMatchObject([{ kind: 'absent', operation: 'watch', resource: 'GPIO17' }]);
  });

  test('looks for its line no more once it is disposed of', async () => {
    const { folder, clock, input, lost } = attach();
    await input[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
    await clock.advance(2 * presenceEveryMs);
    expect([lost, clock.timersCount]).toEqual([[], 0]);
  });
});

describe('the level a line was found with', () => {
  test.for([
    ['0', '0', 0],
    ['1', '0', 1],
    ['0', '1', 1],
    ['1', '1', 0],
  ] as const)('value %s with active_low %s is electrical %i', async ([value, activeLow, level]) => {
    const root = createRoot();
    putLine(root, 588);
    writeFileSync(join(root, 'gpio588', 'value'), `${value}\n`);
    writeFileSync(join(root, 'gpio588', 'active_low'), `${activeLow}\n`);
    expect(await readFoundLevel(root, { resource: 'GPIO17', number: 588 })).toBe(level);
  });
});
