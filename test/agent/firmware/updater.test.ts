import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStaging } from '../../../agent/firmware/staging.ts';
import type { FirmwareUpdater } from '../../../agent/firmware/updater.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { until } from '../../support/until.ts';
import {
  imageName,
  newProgram,
  oldProgram,
  sendImage,
  startUpdaterRig,
  type UpdaterRig,
} from '../../support/updater-rig.ts';

describe('the updates of an AVR', () => {
  let rig: UpdaterRig;
  beforeEach(async () => {
    rig = await startUpdaterRig();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const write = (updater: FirmwareUpdater, more: { version?: string; hardware?: string } = {}, firmware?: string) =>
    updater.write({ kind: 'write', ...imageName(newProgram), ...more }, firmware);

  it('take the pieces, write them, and tell that it runs', async () => {
    await using updater = await rig.open();
    await sendImage(updater, newProgram);
    expect(updater.value).toMatchObject({ phase: 'receiving', staged: 1_300, size: 1_300 });
    expect(await write(updater, { version: '2.0' })).toEqual({ ok: true });
    expect(rig.runs(newProgram)).toBe(true);
    expect(updater.value).toMatchObject({ phase: 'idle', written: imageName(newProgram).sha256 });
    expect(rig.happened.at(-1)).toEqual({
      update: { phase: 'done', sha256: imageName(newProgram).sha256, version: '2.0' },
    });
    expect(rig.happened[0]).toMatchObject({ update: { phase: 'write', total: 1_300 } });
  });

  it('do nothing for what runs already, but do it when something else runs by now', async () => {
    await using updater = await rig.open();
    await sendImage(updater, newProgram);
    await write(updater);
    const { writes } = rig.model;
    expect(await write(updater, {}, '2.0.0')).toEqual({ ok: true });
    expect(rig.model.writes).toBe(writes);
    expect(await write(updater, {}, '1.0.0')).toEqual({ ok: true });
    expect(rig.model.writes).toBeGreaterThan(writes);
  });

  it('come to an end by themselves when the cable is pulled in the middle', async () => {
    await using updater = await rig.open();
    await sendImage(updater, newProgram);
    rig.pullAt = 20;
    expect(await write(updater)).toEqual({ ok: true });
    expect(rig.runs(newProgram)).toBe(true);
    const phases = rig.states.map((state) => (state as { phase: string }).phase);
    expect(phases).toContain('waiting');
  });

  it('are finished by the next life of the agent, wherever the one before ended', async () => {
    const random = seededRandom(3);
    for (let count = 0; count < 5; count += 1) {
      rig.renew();
      await rm(path.join(rig.folder, 'state.json'), { force: true });
      const dieAt = 5 + Math.trunc(random() * 40);
      let requests = 0;
      let die = () => {};
      const first = await rig.open({ onRequest: () => ((requests += 1) === dieAt ? die() : undefined) });
      die = () => void first[Symbol.asyncDispose]();
      await sendImage(first, newProgram);
      const told = await write(first);
      if (told.ok) continue; // It was faster.
      expect(told.error.reason).toBe('interrupted');
      expect(rig.runs(oldProgram) || rig.model.flash[1] === 0xcf || rig.runs(newProgram)).toBe(true);
      const marker = await openStaging(rig.folder).marker();
      await using second = await rig.open();
      // Not touched yet: nothing is done without a command, and nothing needs to be.
      if (marker === undefined) expect(rig.runs(oldProgram)).toBe(true);
      else await until(() => second.value['written'] === imageName(newProgram).sha256, 'finished');
      if (marker !== undefined) expect(rig.runs(newProgram)).toBe(true);
    }
  });

  it('a second order for the same image gets the end of the first, another image has to wait', async () => {
    await using updater = await rig.open();
    await sendImage(updater, newProgram);
    await sendImage(updater, oldProgram);
    const both = [write(updater), write(updater)];
    const other = await updater.write({ kind: 'write', ...imageName(oldProgram) }, undefined);
    expect(other).toMatchObject({ ok: false, error: { reason: 'busy' } });
    expect(await Promise.all(both)).toEqual([{ ok: true }, { ok: true }]);
  });

  it('give up an old program that was not touched, and say that it runs', async () => {
    await using updater = await rig.open();
    await sendImage(updater, newProgram);
    rig.isPlugged = false;
    const told = await write(updater);
    expect(told).toMatchObject({
      ok: false,
      error: { reason: 'driver-closed', detail: expect.stringContaining('it runs the program it has') },
    });
    expect(rig.runs(oldProgram)).toBe(true);
    expect(await openStaging(rig.folder).marker()).toBeUndefined();
  });

  it('of a program that does not greet fail, and are not done again by themselves', async () => {
    await using updater = await rig.open();
    await sendImage(updater, newProgram);
    rig.greets = false;
    const told = await write(updater);
    expect(told).toMatchObject({ ok: false, error: { reason: 'self-test-failed' } });
    expect(updater.value).toMatchObject({ phase: 'given-up' });
    expect(updater.value['broken']).toBeUndefined();
  });

  it.each([
    ['for other hardware', 'uno-r3', { hardware: 'nano' }, 'the image is for nano, and this is uno-r3'],
    [
      'for no hardware where the config names one',
      'uno-r3',
      {},
      'the image is for no named hardware, and this is uno-r3',
    ],
  ])('%s touch nothing', async (_, hardware, more, detail) => {
    await using updater = await rig.open({ hardware });
    await sendImage(updater, newProgram);
    const told = await write(updater, more);
    expect(told).toMatchObject({
      ok: false,
      error: { reason: 'incompatible', detail: expect.stringContaining(detail) },
    });
    expect([rig.model.writes, rig.runs(oldProgram)]).toEqual([0, true]);
  });

  it('of an image that never came say so', async () => {
    await using updater = await rig.open();
    const detail = expect.stringMatching(/is not here; .*; it runs the program it has$/);
    expect(await write(updater)).toMatchObject({ ok: false, error: { reason: 'malformed', detail } });
  });
});
