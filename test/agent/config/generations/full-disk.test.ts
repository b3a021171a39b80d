import { expect, test } from 'vitest';
import type { Value } from '../../../../agent/qn/message.ts';
import { CutFiles } from '../../../support/cut-files.ts';
import { KeptBoard } from '../../../support/kept-board.ts';

const withRelay = (line: string): Value => ({
  ...{ node: 'pi-1', mqtt: { brokers: [{ url: 'mqtt://h' }] } },
  documents: { relay: { driver: 'gpio-out', line } },
});

test('a config file that was changed is booted also where the disk takes nothing any more', async () => {
  const [file, pushed, edited] = [withRelay('A'), withRelay('B'), withRelay('Z')];
  const board = new KeptBoard();
  await (await board.start(file)).push(pushed);
  const full = new KeptBoard(new CutFiles(board.files.contents, 0));
  expect((await full.start(file)).booted?.generation.value).toEqual(pushed);
  expect((await full.start(edited)).booted).toMatchObject({
    generation: { value: edited, version: 2, vc: { local: 1 } },
    troubles: [expect.stringContaining('cannot be kept'), expect.stringContaining('boots')],
  });
});
