import { chmodSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { ask } from '../support/doctor-rig.ts';
import { nobodyMissing, runAsNobody } from '../support/nobody.ts';
import { openPushedBoard, type PushedBoard } from '../support/pushed-board.ts';

vi.setConfig({ testTimeout: 60_000 }); // Each begins a process or two.

let board: PushedBoard;
let file: string;

beforeEach(async () => {
  board = await openPushedBoard();
  ({ file } = board);
});
afterEach(() => board[Symbol.asyncDispose]());

test('the doctor looks at the config that a start takes, says so, and changes nothing', async () => {
  const before = board.onDisk();
  const { findings, looked_at } = await ask(file);
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'GPIO-05', cause: expect.stringContaining('GPIO99') }),
  );
  expect(looked_at).toMatchObject({ config: 'kept', version: 3, origin: 'push', author: 'alice', why: [] });
  const { out } = await runProgram('qn-agent', ['doctor', '--config', file]);
  expect(out).toContain('looked at the config that this board keeps: version 3, push by alice\n');
  expect(board.onDisk()).toEqual(before);
});

test('a config file that was changed since is what a start takes', async () => {
  const before = board.onDisk();
  board.addToFile('health: { interval: 30s }');
  const { findings, looked_at } = await ask(file);
  expect(findings.map(({ code }) => code)).not.toContain('GPIO-05');
  expect(looked_at).toMatchObject({ config: 'file', file });
  expect(board.onDisk()).toEqual(before);
});

test('beside a config file with a fault, what a start takes is looked at all the same', async () => {
  board.addToFile('helth: 1');
  const { findings, looked_at } = await ask(file);
  expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['CFG-02', 'GPIO-05']));
  expect(looked_at).toMatchObject({ config: 'kept', why: [expect.stringContaining('the config file has faults')] });
});

test('a config that brought the agent down is not the one', async () => {
  board.rememberBoots({ content: board.content.pushed, count: 3 });
  const { looked_at } = await ask(file);
  expect(looked_at).toMatchObject({
    config: 'file',
    why: ['the active config brought the agent down again and again'],
  });
});

test.skipIf(nobodyMissing !== undefined)(
  `who may not read what the board keeps is told so (${nobodyMissing ?? 'as nobody'})`,
  () => {
    chmodSync(board.kept, 0o700);
    const { stdout } = runAsNobody(['doctor', '--config', file]);
    expect(stdout).toMatch(/looked at the config file .*config[.]yaml; what was pushed is not known: .* use sudo\n/);
  },
);

test('a card that lost the config taken last is told of, and what is left is looked at', async () => {
  truncateSync(path.join(board.kept, 'active.json'));
  const { looked_at } = await ask(file);
  expect(looked_at).toMatchObject({ config: 'file', why: [expect.stringContaining('active.json is damaged')] });
});
