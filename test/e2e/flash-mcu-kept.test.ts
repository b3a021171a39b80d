import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { needBundle, runProgram } from '../support/agent-process.ts';
import { openPushedBoard } from '../support/pushed-board.ts';

beforeAll(needBundle);

test('flash-mcu goes by the config that the agent would start with, also one that was pushed', async () => {
  const mcu = 'firmware.mcu0: { driver: mcu, port: /dev/ttyMCU, update: { over: smp } }';
  await using board = await openPushedBoard((text) => text.replace('documents:\n', `documents:\n  ${mcu}\n`));
  const before = board.onDisk();
  const image = path.join(board.kept, 'none.bin');
  const flashed = await runProgram('qn-agent', ['flash-mcu', image, '--config', board.file]);
  expect([flashed.code, flashed.err]).toEqual([74, expect.stringContaining('none.bin')]);
  const other = await runProgram('qn-agent', ['flash-mcu', image, '--mcu', 'mcu9', '--config', board.file]);
  expect([other.code, other.err]).toEqual([64, expect.stringContaining('firmware.mcu0')]);
  expect(board.onDisk()).toEqual(before);
});
