import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nobodyMissing, runAsNobody } from '../support/nobody.ts';
import { openPushedBoard, type PushedBoard } from '../support/pushed-board.ts';

vi.setConfig({ testTimeout: 60_000 }); // Each begins a process or two.

let board: PushedBoard;
beforeEach(async () => {
  board = await openPushedBoard();
});
afterEach(() => board[Symbol.asyncDispose]());

test.skipIf(nobodyMissing !== undefined).each(['show', 'history'])(
  `config %s does not take what it may not read for nothing (${nobodyMissing ?? 'as nobody'})`,
  (action) => {
    const ask = () => runAsNobody(['config', action, '--config', board.file]);
    expect(ask()).toMatchObject({ status: 0, stdout: expect.stringContaining('alice') });
    chmodSync(board.kept, 0o700);
    const why = `what was pushed is not known: ${board.kept} may not be read; use sudo\n`;
    expect(ask()).toMatchObject({ status: 77, stdout: '', stderr: why });
  },
);

test.skipIf(nobodyMissing !== undefined)(
  `nor where the config file may not be read, which names the folder (${nobodyMissing ?? 'as nobody'})`,
  () => {
    chmodSync(board.file, 0o600);
    const { status, stderr } = runAsNobody(['config', 'show', '--config', board.file]);
    expect([status, stderr]).toEqual([77, expect.stringContaining('may not be read; use sudo')]);
  },
);
