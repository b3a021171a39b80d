import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSimulatedPwm, openFolderWaves, type PwmWave } from '../../drivers/pwm-simulated.ts';
import { createSysfsPwm } from '../../drivers/pwm-sysfs.ts';
import { pwmSuite } from '../contract/pwm.suite.ts';

const request = { chip: 'pwmchip0', channel: 0, frequencyHz: 25_000, initial: 0 } as const;

pwmSuite('simulated, in memory', async () => {
  const waves = new Map<string, PwmWave>();
  const backend = createSimulatedPwm({
    get: (name) => waves.get(name),
    set: (name, wave) => void waves.set(name, wave),
  });
  const wave = () => waves.get('pwmchip0:0') ?? { frequencyHz: 0, duty: 0 };
  return { backend, chip: 'pwmchip0', absentChip: '../pwmchip9', wave, async [Symbol.asyncDispose]() {} };
});

pwmSuite('simulated, in a folder', async () => {
  const folder = createFolder();
  const wave = () => {
    const [frequencyHz = 0, duty = 0] = readFileSync(join(folder.path, 'pwmchip0:0', 'wave'), 'utf8')
      .split(' ')
      .map(Number);
    return { frequencyHz, duty };
  };
  const backend = createSimulatedPwm(openFolderWaves(folder.path));
  return { backend, chip: 'pwmchip0', absentChip: 'pwm', wave, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
});

pwmSuite('sysfs, over a folder that stands in for the kernel', async () => {
  const folder = createFolder();
  putChip(folder.path, 2);
  const wave = () => {
    const read = (name: string) => Number(readFileSync(join(folder.path, 'pwmchip0', 'pwm0', name), 'utf8'));
    expect(read('enable')).toBe(1);
    return { frequencyHz: 1e9 / read('period'), duty: read('duty_cycle') / read('period') };
  };
  const backend = createSysfsPwm({ root: folder.path, clock: udev(folder.path) });
  return {
    backend,
    chip: 'pwmchip0',
    absentChip: 'pwmchip7',
    wave,
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
});

describe('the files of the kernel', () => {
  const prepare = () => {
    const folder = createFolder();
    onTestFinished(folder[Symbol.asyncDispose]);
    return folder.path;
  };

  test('a channel is exported by its number, and stays so', async () => {
    const root = prepare();
    putChip(root, 2);
    const opened = await createSysfsPwm({ root, clock: udev(root) }).open({ ...request, initial: 0.5 });
    if (!opened.ok) throw opened.error;
    const read = (name: string) => readFileSync(join(root, 'pwmchip0', name), 'utf8');
    expect(['export', 'pwm0/period', 'pwm0/duty_cycle', 'pwm0/enable'].map(read)).toEqual([
      '0',
      '40000\n',
      '20000\n',
      '1\n',
    ]);
    await opened.value[Symbol.asyncDispose]();
    expect(read('unexport')).toBe('');
    expect(read('pwm0/enable')).toBe('1\n');
  });

  test('without a chip the error says which line to put into config.txt', async () => {
    const opened = await createSysfsPwm({ root: '/nowhere/pwm' }).open(request);
    expect(opened).toMatchObject({
      error: {
        kind: 'absent',
        detail: 'there is no PWM chip in /nowhere/pwm',
        fix: expect.stringContaining('dtoverlay=pwm'),
      },
    });
  });

  test('an unknown chip is told with those there are', async () => {
    const root = prepare();
    putChip(root, 2);
    const opened = await createSysfsPwm({ root }).open({ ...request, chip: 'pwmchip3' });
    expect(opened).toMatchObject({ error: { kind: 'absent', fix: 'write chip: with one of: pwmchip0' } });
  });

  test('a channel beyond the chip is told with the range', async () => {
    const root = prepare();
    putChip(root, 2);
    const opened = await createSysfsPwm({ root }).open({ ...request, channel: 2 });
    expect(opened).toMatchObject({ error: { kind: 'absent', fix: 'write channel: with a number from 0 to 1' } });
  });

  test('files that never appear are told after a bounded number of looks', async () => {
    const root = prepare();
    putChip(root, 2);
    let looksCount = 0;
    const after = (_delayMs: number, action: () => void) => {
      looksCount += 1;
      queueMicrotask(action);
      return { [Symbol.dispose]() {} };
    };
    expect(await createSysfsPwm({ root, clock: { after } }).open(request)).toMatchObject({ error: { kind: 'io' } });
    expect(looksCount).toBe(199);
  });
});

/** The kernel's and udev's part: the files of the channel appear while the driver waits for them. */
function udev(root: string) {
  return {
    after(_delayMs: number, action: () => void) {
      const folder = join(root, 'pwmchip0', 'pwm0');
      mkdirSync(folder);
      for (const name of ['period', 'duty_cycle', 'enable']) writeFileSync(join(folder, name), '0\n');
      queueMicrotask(action);
      return { [Symbol.dispose]() {} };
    },
  };
}

function putChip(root: string, channelsCount: number): void {
  mkdirSync(join(root, 'pwmchip0'));
  writeFileSync(join(root, 'pwmchip0', 'npwm'), `${channelsCount}\n`);
  for (const name of ['export', 'unexport']) writeFileSync(join(root, 'pwmchip0', name), '');
}

function createFolder() {
  const path = mkdtempSync(join(tmpdir(), 'pwm-'));
  return { path, [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true }) };
}
