import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { startAgentProcess } from '../support/agent-process.ts';
import { fieldOf, type Heard } from '../support/heard.ts';
import { openRig } from '../support/rig.ts';

const twin = 'mqtt:\\S+ brings on "qn/1/pi-1/health/agent" what another board says; give each board a name of its own';

test('two boards of one name, as after a card was copied, both say so', { timeout: 60_000 }, async () => {
  await using rig = await openRig({
    documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
    lines: ['GPIO17'],
  });
  const birth = await rig.start();
  expect(fieldOf(birth.message.val, 'warnings')).toEqual([]);
  const board = path.join(rig.folder, 'second-board');
  createSimulatedBoard(board, ['GPIO17']);
  const copy = path.join(rig.folder, 'copy.yaml');
  const text = await readFile(rig.configFile, 'utf8');
  await writeFile(copy, text.replace(rig.board, board).replace('/state\n', '/second-state\n'));
  await using _other = startAgentProcess(copy);
  const boots = new Set<unknown>();
  const isOfBoth = ({ message }: Heard) => {
    if (JSON.stringify(fieldOf(message.val, 'warnings') ?? []).includes('another board')) boots.add(message.ep);
    return boots.size === 2;
  };
  const { message } = await rig.hear({ verb: 'health', test: isOfBoth }, 30_000);
  expect(message.val).toMatchObject({
    status: 'online',
    warnings: [expect.stringMatching(new RegExp(`^${twin}`))],
  });
});
