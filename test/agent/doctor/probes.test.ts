import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeSerial } from '../../../agent/doctor/probes/serial.ts';
import {
  probeClock,
  probeDisk,
  probePower,
  probeUser,
  type SystemRoot,
  systemRoot,
} from '../../../agent/doctor/probes/system.ts';
import { createSimulatedBoard } from '../../../drivers/gpio-simulated.ts';
import { onChips, surveyGpio } from '../../../drivers/gpio-survey.ts';
import { createScriptedKernel } from '../../drivers/gpio-chip/scripted-kernel.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { configOf } from '../../support/memory-agent.ts';
import { openPtyPair, ptyMissing } from '../../support/pty.ts';
import { openSmallDisk, smallDiskMissing } from '../../support/small-disk.ts';

let folder = '';
let root: SystemRoot;
const put = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'qn-root-'));
  const at = (name: string) => path.join(folder, name);
  root = { proc: at('proc'), sys: at('sys'), dev: at('dev'), run: at('run'), etc: at('etc'), vcgencmd: at('vcgencmd') };
  mkdirSync(root.dev);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the power of a Raspberry Pi', () => {
  it('is not known elsewhere', async () => {
    expect(await probePower(root)).toEqual({});
  });

  it.each([
    ['50005\n', 0x5_0005],
    ['0\n', 0],
    ['garbage', undefined],
  ])('is read from the file of the kernel: %j', async (text, throttled) => {
    put('sys/devices/platform/soc/soc:firmware/get_throttled', text);
    expect((await probePower(root)).throttled).toBe(throttled);
  });

  it.each([
    ['echo throttled=0x50000', 0x5_0000],
    ['echo nothing; exit 1', undefined],
  ])('is asked of the firmware: %s', async (script, throttled) => {
    put('vcgencmd', `#!/bin/sh\ntest "$1" = get_throttled && ${script}\n`);
    chmodSync(root.vcgencmd, 0o755);
    expect((await probePower(root)).throttled).toBe(throttled);
  });
});

describe('the clock', () => {
  it.each([
    ['nothing', [], 'unknown', false],
    ['a service', ['run/systemd/timesync/clock'], 'unsynced', false],
    ['a service that set it', ['run/systemd/timesync/synchronized'], 'synced', false],
    ['an RTC', ['sys/class/rtc/rtc0/name'], 'unknown', true],
  ] as const)('with %s', async (_, files, sync, hasRtc) => {
    for (const file of files) put(file, '');
    const nobody = async () => undefined;
    expect(await probeClock(createFakeClock(), root, nobody)).toMatchObject({ sync, hasRtc, isPlausible: true });
    expect(await probeClock(createFakeClock(0), root, nobody)).toMatchObject({ isPlausible: false });
  });

  it.each([
    [true, 'synced'],
    [false, 'unsynced'],
  ])('that another service sets, by the word of the kernel: %s', async (answer, sync) => {
    expect(await probeClock(createFakeClock(), root, async () => answer)).toMatchObject({ sync });
  });
});

describe('the user', () => {
  it('has the groups that this process has', async () => {
    const [gid = 0] = process.getgroups?.() ?? [];
    put('etc/group', `none:x:123456:\nmine:x:${gid}:a,b\n`);
    expect((await probeUser(root)).groups).toEqual(['mine']);
  });
});

describe('GPIO', () => {
  const options = () => ({ dev: root.dev, sys: root.sys });

  it('without any chip says so', async () => {
    const sight = await surveyGpio({ backend: 'auto' }, ['GPIO17'], options());
    expect(sight).toMatchObject({ chips: [], hasSysfs: false, trouble: { kind: 'absent' } });
  });

  it('sysfs that is asked for and not there is trouble; one that is there has a base by its label', async () => {
    expect((await surveyGpio({ backend: 'sysfs' }, [], options())).trouble?.detail).toContain('sys/class/gpio');
    for (const [name, text] of [
      ['label', 'pinctrl-bcm2835'],
      ['base', '512'],
      ['ngpio', '54'],
    ])
      put(`sys/class/gpio/gpiochip512/${name}`, `${text}\n`);
    const { lines, trouble, hasSysfs } = await surveyGpio({ backend: 'sysfs' }, ['GPIO17', 'GPIO99'], options());
    expect([trouble, hasSysfs, lines.get('GPIO17')]).toEqual([undefined, true, { state: 'free' }]);
    expect(lines.get('GPIO99')).toMatchObject({ state: 'absent', detail: expect.stringContaining('0 to 53') });
  });

  it('of a simulated board: free, held by a process, not there', async () => {
    createSimulatedBoard(folder, ['GPIO17', 'GPIO27']);
    const blocker = spawn(process.execPath, ['-e', holdScript, path.join(folder, 'GPIO27')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(blocker.stdout, 'data');
    const look = async () =>
      (await surveyGpio({ backend: 'simulated', board: folder }, ['GPIO17', 'GPIO27', 'GPIO99'], options())).lines;
    expect([...(await look()).values()]).toMatchObject([
      { state: 'free' },
      { state: 'held', consumer: 'blinky', pid: blocker.pid },
      { state: 'absent', fix: expect.stringContaining('mkdir') },
    ]);
    blocker.kill('SIGKILL');
    await once(blocker, 'exit');
    expect((await look()).get('GPIO27')).toEqual({ state: 'free' });
  });
});

/** Claims a line as the simulated board does, from a process of its own. */
const holdScript = `
  const fs = require('node:fs');
  const stat = fs.readFileSync('/proc/self/stat', 'utf8');
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  fs.writeFileSync(process.argv[1] + '/consumer', 'blinky ' + process.pid + ' ' + ticks + '\\n');
  console.log('held');
  setInterval(() => {}, 1000);`;

describe('the scripted kernel', () => {
  it('is what the chips are seen through: who holds a line, and that nothing stays open', async () => {
    const kernel = createScriptedKernel({
      chips: [{ path: path.join(root.dev, 'gpiochip0'), label: 'pinctrl-bcm2711', lineNames: ['A', 'GPIO17'] }],
      consumer: 'led-hat',
    });
    expect(kernel.open.size).toBe(0);
    const loaded = kernel.load();
    if (!loaded.ok) throw new Error('the script has no kernel');
    const sight = onChips(loaded.value, [path.join(root.dev, 'gpiochip0')], ['GPIO17', 'GPIO99']);
    expect([...sight.lines.values()]).toMatchObject([{ state: 'held', consumer: 'led-hat' }, { state: 'absent' }]);
    expect(kernel.open.size).toBe(0);
  });
});

describe('the disk', () => {
  it('has room and can be written, and nothing stays there', async () => {
    const seen = await probeDisk(path.join(folder, 'not', 'there'), systemRoot);
    expect(seen).toMatchObject({ isOutOfInodes: false, mount: { isReadOnly: false } });
    expect(seen.writeFault).toBeUndefined();
  });

  it.skipIf(process.getuid?.() !== 0)('belongs to somebody, or to root (needs root)', async () => {
    const seen = async () => (await probeDisk(folder, systemRoot)).isForeign;
    expect(await seen()).toBe(false);
    chownSync(folder, 1, 1);
    expect(await seen()).toBe(true);
    expect((await probeDisk(path.join(folder, 'not-there'), systemRoot)).isForeign).toBe(false);
  });

  it('that is a file cannot be written', async () => {
    put('plug', '');
    expect((await probeDisk(path.join(folder, 'plug'), systemRoot)).writeFault).toBe('ENOTDIR');
  });

  it.skipIf(smallDiskMissing !== undefined)(
    `is full, is read-only (${smallDiskMissing ?? 'a tmpfs of 1 MiB'})`,
    async () => {
      using disk = openSmallDisk();
      expect((await probeDisk(disk.folder, systemRoot)).freeBytes).toBeLessThan(1_048_577);
      disk.fill();
      expect((await probeDisk(disk.folder, systemRoot)).writeFault).toBe('ENOSPC');
      disk.makeReadOnly();
      expect(await probeDisk(disk.folder, systemRoot)).toMatchObject({
        writeFault: 'EROFS',
        mount: { isReadOnly: true },
      });
    },
  );
});

describe.skipIf(ptyMissing !== undefined)(`serial ports (${ptyMissing ?? 'ptys'})`, () => {
  const look = (port: string, at = systemRoot, agentPid?: number) =>
    probeSerial(configOf({ documents: [`s: { driver: serial-line, port: ${port} }`] }, folder), at, agentPid);

  it('that are there and free, and that are not', async () => {
    await using pair = await openPtyPair();
    const [seen] = await look(pair.left);
    expect(seen).toMatchObject({ device: pair.left, isOpenable: true, isConsole: false });
    expect((await look('/dev/ttyNone9'))[0]?.device).toBeUndefined();
  });

  it('that a process has locked are told with its name and pid, unless it is the agent', async () => {
    await using pair = await openPtyPair();
    const locker = spawn('flock', ['--no-fork', pair.left, 'sleep', '60'], { stdio: 'ignore' });
    const holders = async () => (await look(pair.left))[0]?.holders ?? [];
    const deadline = Date.now() + 10_000;
    while (!(await holders()).some((holder) => holder.includes('sleep')) && Date.now() < deadline);
    expect(await holders()).toContain(`sleep (pid ${locker.pid})`);
    expect((await look(pair.left, systemRoot, locker.pid))[0]?.holders).not.toContain(`sleep (pid ${locker.pid})`);
    locker.kill('SIGKILL');
    await once(locker, 'exit');
  });

  it('that are a console of the kernel are told', async () => {
    put('dev/ttyAMA0', '');
    put('proc/cmdline', 'console=serial0,115200 console=tty1 root=/dev/mmcblk0p2\n');
    symlinkSync('ttyAMA0', path.join(root.dev, 'serial0'));
    expect((await look('/dev/ttyAMA0', root))[0]?.isConsole).toBe(true);
    put('proc/cmdline', 'console=tty1\n');
    expect((await look('/dev/ttyAMA0', root))[0]?.isConsole).toBe(false);
    put('sys/class/tty/console/active', 'tty1 ttyAMA0\n');
    expect((await look('/dev/ttyAMA0', root))[0]?.isConsole).toBe(true);
  });

  it('with a name that moves are told with one that stays', async () => {
    put('dev/ttyUSB0', '');
    expect((await look('/dev/ttyUSB0', root))[0]?.stableName).toContain('vendorId');
    mkdirSync(path.join(root.dev, 'serial', 'by-id'), { recursive: true });
    symlinkSync('../../ttyUSB0', path.join(root.dev, 'serial', 'by-id', 'usb-FTDI_A1'));
    expect((await look('/dev/ttyUSB0', root))[0]?.stableName).toBe('/dev/serial/by-id/usb-FTDI_A1');
  });
});
