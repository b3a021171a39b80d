import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiskRecord, LossyDisk, readRecords } from '../../support/disk-shim/replay.ts';
import { buildShim, shimMissing } from '../../support/disk-shim/shim.ts';
import { textsIn } from '../../support/store-texts.ts';

const appender = fileURLToPath(new URL('../../support/store-appender.ts', import.meta.url));
const title = `power loss${shimMissing === undefined ? '' : ` (${shimMissing})`}`;
const cutsCount = 150;

/*
 * A process appends, in three lives on one folder, and tells what is durable; the shim writes down what it does to the
 * disk. Then the power fails at many moments of that record, and the database is opened as the disk would be.
 */
describe.skipIf(shimMissing !== undefined)(title, () => {
  let folder: string;
  let shim: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'store-power-'));
    shim = buildShim(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function record(synchronous: 'FULL' | 'NORMAL'): DiskRecord[] {
    const log = path.join(folder, `${synchronous}.log`);
    const store = path.join(folder, synchronous);
    const env = { ...process.env, LD_PRELOAD: shim, SHIM_LOG: log, SHIM_FOLDER: store, STORE_SYNCHRONOUS: synchronous };
    for (const _life of [1, 2, 3]) {
      const { signal, stderr } = spawnSync(process.execPath, [appender, store, '180'], { env });
      expect(signal, stderr.toString()).toBe('SIGKILL');
    }
    return readRecords(log);
  }

  /** How many acknowledged messages are missing after a loss of power behind each of `cuts`. */
  function lossesAfter(records: readonly DiskRecord[], cuts: ReadonlySet<number>, survives: () => boolean) {
    const disk = new LossyDisk(survives);
    const acknowledged: string[] = [];
    const losses: { readonly acknowledged: number; readonly lost: number }[] = [];
    for (const [index, entry] of records.entries()) {
      disk.play(entry);
      const text = entry.kind === 'A' ? /^ok (\S+)/.exec(entry.bytes.toString())?.[1] : undefined;
      if (text !== undefined) acknowledged.push(text);
      if (!cuts.has(index)) continue;
      const restored = path.join(folder, 'restored');
      disk.restore(restored);
      const found = new Set(textsIn(restored));
      losses.push({
        acknowledged: acknowledged.length,
        lost: acknowledged.filter((known) => !found.has(known)).length,
      });
      rmSync(restored, { recursive: true });
    }
    return losses;
  }

  it('with synchronous FULL loses no acknowledged row and damages nothing, wherever it cuts', {
    timeout: 120_000,
  }, () => {
    const records = record('FULL');
    const random = createRandom();
    const halfOfThem = () => random() < 0.5;
    for (const survives of [() => false, () => true, halfOfThem]) {
      const losses = lossesAfter(records, randomCuts(records.length), survives);
      expect(losses).toHaveLength(cutsCount);
      expect(Math.max(...losses.map(({ acknowledged }) => acknowledged))).toBeGreaterThan(400);
      expect(losses.filter(({ lost }) => lost > 0)).toEqual([]);
    }
  });

  it('with synchronous NORMAL loses acknowledged rows: the test can fail', { timeout: 120_000 }, () => {
    const records = record('NORMAL');
    const losses = lossesAfter(records, randomCuts(records.length), () => false);
    expect(losses.filter(({ lost }) => lost > 0).length).toBeGreaterThan(cutsCount / 2);
  });
});

/** The last moment, and others spread by chance, the same in every run. */
function randomCuts(length: number): ReadonlySet<number> {
  const random = createRandom();
  const cuts = new Set([length - 1]);
  while (cuts.size < cutsCount) cuts.add(Math.floor(random() * length));
  return cuts;
}

/** A linear congruential generator: a failure must come again. */
function createRandom(): () => number {
  let state = 1n;
  return () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return Number(state >> 40n) / 2 ** 24;
  };
}
