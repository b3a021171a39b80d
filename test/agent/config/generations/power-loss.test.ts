import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realFiles } from '../../../../agent/config/generations/file-system.ts';
import { ConfigKeeper } from '../../../../agent/config/generations/keeper.ts';
import { generationOf, isTaken } from '../../../support/config-changer.ts';
import { type DiskRecord, LossyDisk, readRecords } from '../../../support/disk-shim/replay.ts';
import { buildShim, shimMissing } from '../../../support/disk-shim/shim.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const changer = fileURLToPath(new URL('../../../support/config-changer.ts', import.meta.url));
const title = `power loss while a config is taken${shimMissing === undefined ? '' : ` (${shimMissing})`}`;
const changesCount = 6;

/*
 * A process takes configs and takes some of them back; the shim writes down what it does to the disk. Then the power fails
 * behind every single operation, and the next life opens what is left.
 */
describe.skipIf(shimMissing !== undefined)(title, () => {
  let folder: string;
  let records: readonly DiskRecord[];
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'config-power-'));
    const log = path.join(folder, 'records.log');
    const env = {
      ...process.env,
      LD_PRELOAD: buildShim(folder),
      SHIM_LOG: log,
      SHIM_FOLDER: path.join(folder, 'state', 'config'),
    };
    const { status, stderr } = spawnSync(process.execPath, [changer, path.join(folder, 'state'), `${changesCount}`], {
      env,
    });
    expect(status, stderr.toString()).toBe(0);
    records = readRecords(log);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const random = seededRandom(1);
  const kinds: readonly [name: string, survives: () => boolean, areNamesKept: boolean][] = [
    ['nothing that was not synced survives', () => false, false],
    ['every write survives, names do not', () => true, false],
    ['half of the writes survive', () => random() < 0.5, false],
    ['the process was killed', () => true, true],
  ];

  it.each(kinds)('%s: the old config or the new one, and the truth about it', async (_, survives, areNamesKept) => {
    const disk = new LossyDisk(survives, areNamesKept);
    let begun = 0;
    let ended = 0;
    expect(records.length).toBeGreaterThan(changesCount * 20);
    for (const [index, record] of records.entries()) {
      disk.play(record);
      const [word, number] = record.kind === 'A' ? record.bytes.toString().trim().split(' ') : [];
      if (word === 'begin') begun = Number(number);
      if (word === 'end') ended = Number(number);
      const restored = path.join(folder, 'restored');
      disk.restore(path.join(restored, 'config'));
      await judge(restored, { begun, ended }, `cut behind operation ${index} (${record.kind}) of change ${begun}`);
      rmSync(restored, { recursive: true });
    }
    expect(ended).toBe(changesCount);
  });
});

async function judge(
  stateFolder: string,
  { begun, ended }: { begun: number; ended: number },
  where: string,
): Promise<void> {
  const keeper = await ConfigKeeper.open(realFiles, stateFolder);
  const version = keeper.active?.version ?? 0;
  const taken = Array.from({ length: begun }, (_, index) => index + 1).filter(isTaken);
  const before = taken.filter((known) => known <= ended).at(-1) ?? 0;
  const possible = [before, ...(begun > ended && isTaken(begun) ? [begun] : [])];
  expect(possible, where).toContain(version);
  if (keeper.active !== undefined) expect(keeper.active, where).toEqual(generationOf(version));
  const of = (number: number) => keeper.history.find((record) => record.version === number)?.status;
  for (let known = 1; known <= ended; known += 1) {
    expect([where, known, of(known)]).toEqual([where, known, isTaken(known) ? 'successful' : 'failed']);
  }
  const last = begun > ended ? of(begun) : undefined;
  if (last !== undefined) expect([where, last === 'successful']).toEqual([where, version === begun]);
  if (last === undefined && begun > ended) expect([where, version]).toEqual([where, before]);
}
