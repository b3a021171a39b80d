import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { openStaging } from '../../../agent/firmware/staging.ts';
import type { FirmwareUpdater } from '../../../agent/firmware/updater.ts';
import { until } from '../../support/until.ts';
import {
  imageName,
  newProgram,
  oldProgram,
  sendImage,
  startUpdaterRig,
  type UpdaterRig,
} from '../../support/updater-rig.ts';

const thirdProgram = Uint8Array.from({ length: 1_100 }, (_, at) => (at * 11) & 0xff);
/** The pauses between two tries are short; the model of optiboot takes no time at all. */
const clock = { ...systemClock, after: (ms: number, act: () => void) => systemClock.after(ms / 10, act) };

describe('the image that an AVR is written with', () => {
  let rig: UpdaterRig;
  beforeEach(async () => {
    rig = await startUpdaterRig();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const write = (updater: FirmwareUpdater) => updater.write({ kind: 'write', ...imageName(newProgram) }, undefined);
  const isFinished = (updater: FirmwareUpdater) => updater.value['written'] === imageName(newProgram).sha256;

  it('is still there after a cut, whoever sent pieces of a third one before the chip was touched', async () => {
    await openStaging(rig.folder).mark({ phase: 'done', ...imageName(oldProgram), isTouched: false });
    let [requests, third] = [0, Promise.resolve()];
    const first: FirmwareUpdater = await rig.open({
      clock,
      onRequest: () => {
        requests += 1;
        if (requests === 1) third = sendImage(first, thirdProgram);
      },
    });
    await sendImage(first, oldProgram);
    await sendImage(first, newProgram);
    [rig.pullAt, rig.staysAway] = [20, true];
    void write(first);
    await until(() => first.value['phase'] === 'waiting', 'cut');
    await third;
    await first[Symbol.asyncDispose]();
    rig.isPlugged = true;
    await using second = await rig.open({ clock });
    await until(() => second.value['phase'] !== 'writing', 'an end');
    expect([isFinished(second), rig.runs(newProgram)]).toEqual([true, true]);
  });

  it('is written again also where the disk takes nothing any more', async () => {
    const first = await rig.open({ clock });
    await sendImage(first, newProgram);
    [rig.pullAt, rig.staysAway] = [20, true];
    void write(first);
    await until(() => first.value['phase'] === 'waiting', 'cut');
    await first[Symbol.asyncDispose]();
    await mkdir(path.join(rig.folder, 'state.json.new')); // Where the next note would be written.
    rig.isPlugged = true;
    await using second = await rig.open({ clock });
    await until(() => second.value['phase'] !== 'writing', 'an end');
    expect([isFinished(second), rig.runs(newProgram)]).toEqual([true, true]);
  });

  it('is not asked for any more when the agent ends, and the order is left to its next life', async () => {
    const updater = await rig.open({ clock });
    await sendImage(updater, newProgram);
    rig.isPlugged = false;
    const orders = [write(updater)];
    await until(() => updater.value['phase'] === 'waiting', 'it is away');
    const disposed = updater[Symbol.asyncDispose]();
    orders.push(write(updater)); // Its turn comes when the first has ended.
    const { lends } = rig;
    for (const order of orders) expect(await order).toMatchObject({ error: { reason: 'interrupted', isLeft: true } });
    await disposed;
    expect(rig.lends).toBe(lends);
  });

  it('is taken as it is when the power failed before its last piece was looked at', async () => {
    await using updater = await rig.open({ clock });
    const name = imageName(newProgram);
    await updater.piece({ kind: 'piece', ...name, offset: 0, data: newProgram.subarray(0, 500) });
    await writeFile(path.join(rig.folder, `${name.sha256}.part`), newProgram);
    expect(await write(updater)).toEqual({ ok: true });
    expect(rig.runs(newProgram)).toBe(true);
  });
});
