import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { countStarts, readMachineClock, readStarts, rememberStart } from '../../../agent/health/starts.ts';
import { restartsKeptCount } from '../../../agent/limits.ts';

const stateFolder = () => mkdtempSync(path.join(tmpdir(), 'qn-starts-'));
const at = (uptimeSeconds: number, machineBoot = 'one') => ({ machineBoot, uptimeSeconds });

it('counts the starts of the last minutes, and those of this run of the machine alone', async () => {
  const folder = stateFolder();
  for (const uptimeSeconds of [10, 100, 290.6]) await rememberStart(folder, at(uptimeSeconds));
  const starts = await readStarts(folder);
  expect(starts).toEqual({ machineBoot: 'one', atSeconds: [10, 100, 291] });
  expect([200_000, 199_000].map((windowMs) => countStarts(starts, at(300), windowMs))).toEqual([2, 1]);
  expect(countStarts(starts, at(300, 'two'), 600_000)).toBe(0);
  await rememberStart(folder, at(20, 'two'));
  expect(await readStarts(folder)).toEqual({ machineBoot: 'two', atSeconds: [20] });
});

it('keeps as many as its bound, the latest', async () => {
  const folder = stateFolder();
  const seconds = Array.from({ length: restartsKeptCount + 3 }, (_, index) => index + 1);
  for (const uptimeSeconds of seconds) await rememberStart(folder, at(uptimeSeconds));
  expect((await readStarts(folder))?.atSeconds).toEqual(seconds.slice(3));
});

it.each(['', '{"machineBoot": "one"', '[]', '{"machineBoot": 1, "atSeconds": []}', '{"machineBoot": "one"}'])(
  'begins anew with the file %j, which a power cut left',
  async (text) => {
    const folder = stateFolder();
    writeFileSync(path.join(folder, 'starts.json'), text);
    expect(await readStarts(folder)).toBeUndefined();
    await rememberStart(folder, at(5));
    expect(await readStarts(folder)).toEqual({ machineBoot: 'one', atSeconds: [5] });
  },
);

it('reads the clock of this machine', async () => {
  const { machineBoot, uptimeSeconds } = await readMachineClock('/proc');
  expect(machineBoot).toMatch(/^[0-9a-f-]{36}$/);
  expect(uptimeSeconds).toBeGreaterThan(0);
});
