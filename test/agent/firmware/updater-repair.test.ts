import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { untouchedTriesMax } from '../../../agent/firmware/limits.ts';
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

const hardware = 'uno-r3';
/** The pauses between two tries are short; the model of optiboot takes no time at all. */
const clock = { ...systemClock, after: (ms: number, act: () => void) => systemClock.after(ms / 10, act) };
const life = { hardware, clock };

const thirdProgram = newProgram.subarray(0, 900);

describe('an AVR whose program is half written', () => {
  let rig: UpdaterRig;
  beforeEach(async () => {
    rig = await startUpdaterRig();
    [rig.pullAt, rig.staysAway] = [12, true];
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const write = (updater: FirmwareUpdater, image: Uint8Array, board = hardware) =>
    updater.write({ kind: 'write', ...imageName(image), hardware: board }, undefined);

  /** The order for the new program was cut, and the microcontroller stays away. */
  async function cut(updater: FirmwareUpdater) {
    await sendImage(updater, newProgram);
    const first = write(updater, newProgram);
    await until(() => updater.value['phase'] === 'waiting', 'cut');
    expect(updater.value).toMatchObject({ broken: true });
    expect([rig.runs(oldProgram), rig.runs(newProgram)]).toEqual([false, false]);
    return { first };
  }

  it.each([
    ['for other hardware', true, 'nano', 'incompatible'],
    ['for an image that never came', false, hardware, 'malformed'],
  ])('is still written after an order %s', async (_, isStaged, board, reason) => {
    await using updater = await rig.open(life);
    const { first } = await cut(updater);
    if (isStaged) await sendImage(updater, oldProgram);
    const told = await write(updater, oldProgram, board);
    expect(told).toMatchObject({ ok: false, error: { reason } });
    expect(await first).toMatchObject({ ok: false, error: { reason: 'interrupted' } });
    expect(updater.value).toMatchObject({ broken: true });
    for (const end of [told, await first]) expect(JSON.stringify(end)).toContain('it runs nothing until');
    expect(await openStaging(rig.folder).marker()).toMatchObject({ ...imageName(newProgram), isTouched: true });
    rig.isPlugged = true;
    await until(() => updater.value['written'] === imageName(newProgram).sha256, 'finished');
    expect(rig.runs(newProgram)).toBe(true);
    expect(updater.value['broken']).toBeUndefined();
  });

  it('is tried with the image of a later order as long as it takes', async () => {
    await using updater = await rig.open(life);
    await cut(updater);
    await sendImage(updater, oldProgram);
    const { lends } = rig;
    const told = write(updater, oldProgram);
    await until(() => rig.lends > lends + untouchedTriesMax, 'tried');
    expect(updater.value).toMatchObject({ broken: true, phase: 'waiting' });
    rig.isPlugged = true;
    expect(await told).toEqual({ ok: true });
    expect(rig.runs(oldProgram)).toBe(true);
  });

  it('is written by one of two orders that come at once, and never by both', async () => {
    await using updater = await rig.open(life);
    await cut(updater);
    await sendImage(updater, oldProgram);
    const told = [write(updater, oldProgram), write(updater, thirdProgram)];
    expect(await told[1]).toMatchObject({ ok: false, error: { reason: 'busy' } });
    rig.isPlugged = true;
    expect(await told[0]).toEqual({ ok: true });
    expect(rig.runs(oldProgram)).toBe(true);
  });

  it('gets the image of the later order in the next life of the agent too', async () => {
    const first = await rig.open(life);
    await cut(first);
    await sendImage(first, oldProgram);
    const { lends } = rig;
    void write(first, oldProgram);
    await until(() => rig.lends > lends + 1, 'tried');
    await first[Symbol.asyncDispose]();
    await using second = await rig.open(life);
    expect(second.value).toMatchObject({ broken: true });
    rig.isPlugged = true;
    await until(() => second.value['written'] === imageName(oldProgram).sha256, 'finished');
    expect(rig.runs(oldProgram)).toBe(true);
  });
});
