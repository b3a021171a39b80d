import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openReadBack } from '../../../agent/documents/read-back.ts';
import { createSimulatedBoard, createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { openFolderBoard } from '../../../drivers/simulated/folder-board.ts';
import { openDocuments } from '../../support/document-rig.ts';

const relay = (name: string, line: string) => `${name}: { driver: gpio-out, line: ${line}, safe: { boot: on } }`;
const roundMs = 2_000; // Two outputs, one a second.

/** Two outputs that are on, on a board in a folder where the wires can be forced. */
async function openRig(documents = [relay('a', 'A'), relay('b', 'B')]) {
  const folder = mkdtempSync(path.join(tmpdir(), 'read-back-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  createSimulatedBoard(folder, ['A', 'B']);
  const rig = await openDocuments({ documents, gpio: createSimulatedGpio(openFolderBoard(folder)) });
  const readBack = openReadBack(rig.clock, () => rig.board.openDocuments());
  onTestFinished(async () => {
    readBack[Symbol.dispose]();
    await rig[Symbol.asyncDispose]();
    expect(rig.clock.timersCount).toBe(0);
  });
  const force = (line: string, level: number) => writeFileSync(path.join(folder, line, 'value'), `${level}\n`);
  return { rig, force, unplug: (line: string) => rmSync(path.join(folder, line), { recursive: true }) };
}

test('an output whose line reads other than it is driven, twice in a row, is told, and its neighbour is not', async () => {
  const { rig, force } = await openRig();
  force('A', 0);
  await rig.clock.advance(roundMs);
  expect(rig.report('a')).toMatchObject({ state: 'working', errorCount: 0 }); // Once may be a disturbance.
  await rig.clock.advance(roundMs);
  const error = expect.stringMatching(/read A: driven 1, reads back 0.*short circuit.*power/);
  expect(rig.report('a')).toMatchObject({ state: 'failed', error, errorCount: 1 });
  await rig.clock.advance(5 * roundMs);
  expect(rig.report('a')).toMatchObject({ errorCount: 1 }); // Told once.
  expect(rig.report('b')).toMatchObject({ state: 'working', errorCount: 0 });
});

test('it works again once its line reads as it is driven, and is not driven by itself', async () => {
  const { rig, force } = await openRig();
  force('A', 0);
  await rig.clock.advance(3 * roundMs);
  const toldCount = rig.told.length;
  force('A', 1);
  await rig.clock.advance(roundMs);
  expect(rig.report('a')).toMatchObject({ state: 'working', errorCount: 1 });
  expect(rig.told.length).toBe(toldCount);
});

test('what is said follows the level that is commanded meanwhile', async () => {
  const { rig, force } = await openRig();
  force('A', 0);
  await rig.clock.advance(3 * roundMs);
  expect(await rig.command('a', 'off')).toEqual({ ok: true });
  force('A', 1);
  await rig.clock.advance(roundMs);
  expect(rig.report('a')?.error).toContain('driven 0, reads back 1');
  force('A', 0);
  await rig.clock.advance(roundMs);
  expect(rig.report('a')).toMatchObject({ state: 'working' });
});

test('one that is gone is lost at once, before anybody commands it', async () => {
  const { rig, unplug } = await openRig();
  unplug('B');
  await rig.clock.advance(roundMs);
  expect(rig.board.document('b')).toMatchObject({ ok: false });
  expect(rig.report('b')).toMatchObject({ state: 'failed', error: expect.stringContaining('on when it was lost') });
});

test('outputs of a config that is taken meanwhile are looked at', async () => {
  const { rig, force } = await openRig([relay('a', 'A')]);
  await rig.exchange([relay('c', 'B')]);
  force('B', 0);
  await rig.clock.advance(2 * roundMs);
  expect(rig.report('c')).toMatchObject({ state: 'failed' });
});
