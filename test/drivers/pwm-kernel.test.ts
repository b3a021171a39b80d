import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createSysfsPwm } from '../../drivers/pwm-sysfs.ts';
import { valueOf } from '../support/value-of.ts';

const onWritten = vi.hoisted(() => ({ listener: (_path: string) => {} }));

/** Real files; the kernel stand-in below hears of each write, as the real one does. */
vi.mock('node:fs', async (original) => {
  const fs = await original<{ writeFileSync(path: string, text: string): void }>();
  const write = (path: string, text: string) => {
    fs.writeFileSync(path, text);
    onWritten.listener(path);
  };
  return { ...fs, writeFileSync: write };
});

const request = { chip: 'pwmchip0', channel: 0, frequencyHz: 25_000 } as const;
const left = { period: 1_000_000, duty_cycle: 1_000_000, enable: 1 };

test('what was written last goes on after the channel was disposed of, and the next one finds it running', async () => {
  const kernel = createKernel();
  const first = valueOf(await kernel.pwm.open({ ...request, initial: 0 }));
  expect(first.write(1)).toEqual({ ok: true });
  await first[Symbol.asyncDispose]();
  kernel.look();
  expect(kernel.shown.at(-1)).toBe(1);
  await using second = valueOf(await kernel.pwm.open({ ...request, initial: 'as-is' }));
  expect(second.readBack()).toEqual({ ok: true, value: 1 });
  expect(kernel.shown).toEqual([0, 1]);
});

test.for(['as-is', 1] as const)('a channel that only its files say to run is started: %s', async (initial) => {
  const kernel = createKernel(left);
  await using output = valueOf(await kernel.pwm.open({ ...request, frequencyHz: 1_000, initial }));
  expect(output.readBack()).toEqual({ ok: true, value: 1 });
  expect(kernel.shown.at(-1)).toBe(1);
});

test.for([0, 0.25])('and shows no moment of what the files said before it shows %d', async (initial) => {
  const kernel = createKernel(left);
  await using _output = valueOf(await kernel.pwm.open({ ...request, initial }));
  expect(kernel.shown).toEqual(initial === 0 ? [0] : [0, initial]);
});

/**
 * The PWM core of Linux with the driver of a Pi (pwm-bcm2835, pwm-rp1): what is told is kept over an unexport, the
 * hardware is stopped by it, an export starts nothing, and a state that is told already does not reach the hardware.
 */
function createKernel(told: Readonly<typeof left> = { period: 0, duty_cycle: 0, enable: 0 }) {
  const root = mkdtempSync(join(tmpdir(), 'pwm-'));
  const chip = join(root, 'pwmchip0');
  const folder = join(chip, 'pwm0');
  let state = { ...told };
  let isExported = false;
  const shown = [0]; // What a meter shows, from the start on.
  const show = (duty: number) => {
    if (duty !== shown.at(-1)) shown.push(duty);
  };
  mkdirSync(chip);
  writeFileSync(join(chip, 'npwm'), '1\n');
  for (const name of ['export', 'unexport']) writeFileSync(join(chip, name), '');
  onTestFinished(() => {
    onWritten.listener = () => {};
    rmSync(root, { recursive: true });
  });

  const asked = (name: string) => {
    const isAsked = readFileSync(join(chip, name), 'latin1') !== '';
    writeFileSync(join(chip, name), '');
    return isAsked;
  };
  const look = () => {
    if (asked('unexport') && isExported) {
      isExported = false;
      show(0);
      rmSync(folder, { recursive: true });
    }
    if (!asked('export')) return;
    mkdirSync(folder);
    for (const [name, count] of Object.entries(state)) writeFileSync(join(folder, name), `${count}\n`);
    isExported = true;
  };
  onWritten.listener = (path) => {
    if (!isExported || !path.startsWith(folder)) return;
    const next = { ...state, [basename(path)]: Number(readFileSync(path, 'latin1')) };
    const isNew = JSON.stringify(next) !== JSON.stringify(state);
    state = next;
    if (isNew && next.period > 0) show(next.enable === 1 ? next.duty_cycle / next.period : 0);
  };
  const after = (_delayMs: number, action: () => void) => {
    look();
    queueMicrotask(action);
    return { [Symbol.dispose]() {} };
  };
  return { pwm: createSysfsPwm({ root, clock: { after } }), look, shown };
}
