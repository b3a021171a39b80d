import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { openSerialPort } from '../../../drivers/serial-port.ts';
import { readImage } from '../../../firmware-bridge/image/intel-hex.ts';
import { flashByStk500 } from '../../../firmware-bridge/stk500/flash.ts';
import { avrParts, roomOf } from '../../../firmware-bridge/stk500/parts.ts';
import { openWorkshop } from '../../support/c-compiler.ts';
import {
  buildFirmware,
  buildHex,
  buildOptiboot,
  buildUnoRunner,
  optibootMissing,
  startUno,
  type Uno,
} from '../../support/uno.ts';
import { valueOf } from '../../support/value-of.ts';
import { openRig } from './avr-rig.ts';

const workshop = openWorkshop();
afterAll(() => workshop[Symbol.dispose]());
const part = avrParts.atmega328p;
const what = 'a simulated Uno with the optiboot of Debian';
const title = optibootMissing === undefined ? what : `${what} (${optibootMissing})`;

describe.skipIf(optibootMissing !== undefined)(title, () => {
  let runner: string;
  let oldFirmware: string;
  let bootloader: string;
  let image: Uint8Array;
  beforeAll(() => {
    const newFolder = path.join(workshop.folder, 'new');
    mkdirSync(newFolder);
    runner = buildUnoRunner(workshop);
    bootloader = buildOptiboot(workshop);
    oldFirmware = buildFirmware(workshop.folder);
    image = imageOf(buildHex(newFolder, '2, 1, 0'));
  });

  function imageOf(hex: Buffer): Uint8Array {
    const read = readImage(hex, roomOf(part));
    if (!read.ok) throw new Error(read.error);
    return read.value;
  }

  async function flash(uno: Uno, isResumed: boolean, onProgress: (doneBytes: number) => void = () => {}) {
    const port = valueOf(await openSerialPort(uno.path, { ...serialSettings8N1, baud: 115_200 }));
    const reset = async () => {
      uno.command('reset');
      await delay(20);
      return ok();
    };
    const flashed = await flashByStk500({ clock: systemClock, port, reset, onProgress }, image, { part, isResumed });
    await port[Symbol.asyncDispose]();
    return flashed;
  }

  async function runningVersion(uno: Uno): Promise<string | undefined> {
    const rig = await openRig(uno.path);
    await rig.up();
    const version = rig.bridge.peer?.firmwareVersion;
    await rig.close();
    return version;
  }

  it('is flashed, and runs the new program', async () => {
    await using uno = await startUno(runner, oldFirmware, bootloader);
    expect(await runningVersion(uno)).toBe('1.0.0');
    expect(await flash(uno, false)).toMatchObject({ ok: true, value: { pagesKept: 0 } });
    expect(Buffer.compare((await uno.flash()).subarray(0, image.length), image)).toBe(0);
    expect(await runningVersion(uno)).toBe('2.1.0');
  });

  it('runs nothing at all while half a program is there, and is finished with what is missing', async () => {
    await using uno = await startUno(runner, oldFirmware, bootloader);
    const half = (doneBytes: number) => {
      if (doneBytes > image.length / 2) uno.unplug();
    };
    expect(await flash(uno, false, half)).toMatchObject({ ok: false, error: { reason: 'closed', isTouched: true } });
    uno.command('reset');
    await delay(1_500); // Optiboot has given up; what is in the flash would run now.
    expect([...(await uno.flash()).subarray(0, 4)]).toEqual([0xff, 0xcf, 0xff, 0xcf]);
    expect(['D4', 'D5', 'D6', 'D7'].map((pin) => uno.level(pin) ?? '0')).toEqual(['0', '0', '0', '0']);
    await uno.plug();
    const resumed = await flash(uno, true);
    expect(resumed.ok && resumed.value.pagesKept).toBeGreaterThan(image.length / 128 / 2 - 2);
    expect(await runningVersion(uno)).toBe('2.1.0');
  });
});
