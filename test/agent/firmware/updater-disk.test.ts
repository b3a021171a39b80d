import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import type { FirmwareUpdater } from '../../../agent/firmware/updater.ts';
import { imageName, newProgram, startUpdaterRig, type UpdaterRig } from '../../support/updater-rig.ts';

/** The pauses between two tries are short; the model of optiboot takes no time at all. */
const clock = { ...systemClock, after: (ms: number, act: () => void) => systemClock.after(ms / 10, act) };

describe('the image that an AVR is written with', () => {
  let rig: UpdaterRig;
  beforeEach(async () => {
    rig = await startUpdaterRig();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const write = (updater: FirmwareUpdater) => updater.write({ kind: 'write', ...imageName(newProgram) }, undefined);

  it('is taken as it is when the power failed before its last piece was looked at', async () => {
    await using updater = await rig.open({ clock });
    const name = imageName(newProgram);
    await updater.piece({ kind: 'piece', ...name, offset: 0, data: newProgram.subarray(0, 500) });
    await writeFile(path.join(rig.folder, `${name.sha256}.part`), newProgram);
    expect(await write(updater)).toEqual({ ok: true });
    expect(rig.runs(newProgram)).toBe(true);
  });
});
