import { chmodSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LookedAt } from '../../agent/config/generations/looked-at.ts';
import type { SelfTestReport } from '../../agent/health/self-test.ts';
import { runProgram } from '../support/agent-process.ts';
import { nobodyMissing, runAsNobody } from '../support/nobody.ts';
import { openPushedBoard, type PushedBoard } from '../support/pushed-board.ts';

vi.setConfig({ testTimeout: 60_000 }); // Each begins a process or two.

let board: PushedBoard;
beforeEach(async () => {
  board = await openPushedBoard();
});
afterEach(() => board[Symbol.asyncDispose]());

const run = (...more: readonly string[]) => runProgram('qn-agent', ['selftest', '--config', board.file, ...more]);

/** What it reports, and that it left alone what the board keeps. */
async function report() {
  const before = board.onDisk();
  const { code, out, err } = await run('--json');
  expect(board.onDisk()).toEqual(before);
  const told: SelfTestReport & { readonly looked_at: LookedAt } = JSON.parse(out);
  const row = (id: string) => told.tests.find((one) => one.id === id);
  return { ...told, code, err, driver: row('driver.gpio.a'), config: row('config.valid') };
}

test('what a start takes is tested, and a config that was pushed is no fault', async () => {
  const { code, health_status, driver, config, looked_at } = await report();
  expect(driver).toMatchObject({ status: 'fail', detail: expect.stringContaining('GPIO99') });
  expect(config).toMatchObject({ status: 'pass' });
  expect([code, health_status]).toEqual([0, 'DEGRADED']);
  expect(looked_at).toEqual({
    ...{ config: 'kept', version: 3, origin: 'push', author: 'alice' },
    ...{ file: board.file, why: [] },
  });
});

test('the text says above the verdict which config was tested, also where rows are shown as they are done', async () => {
  const tested = 'tested the config that this board keeps: version 3, push by alice\nDEGRADED: ';
  expect((await run()).out).toContain(tested);
  expect((await run('--mode', 'full')).out).toContain(tested);
});

test('a config file that was changed since is tested', async () => {
  board.addToFile('health: { interval: 30s }');
  const { driver, config, looked_at } = await report();
  expect([driver, config]).toMatchObject([{ status: 'pass' }, { status: 'pass' }]);
  expect(looked_at).toMatchObject({ config: 'file', file: board.file, why: [] });
});

test('beside a config file with a fault, what a start takes is tested, and the fault told', async () => {
  board.addToFile('helth: 1');
  const { code, err, driver, config, looked_at } = await report();
  const why = expect.stringContaining('the config file has faults');
  expect(driver).toMatchObject({ detail: expect.stringContaining('GPIO99') });
  expect(config).toMatchObject({ status: 'fail', detail: why });
  expect(looked_at).toMatchObject({ config: 'kept', why: [why] });
  expect([code, err]).toEqual([0, expect.stringContaining('helth')]);
});

test('where nothing is kept beside a config file with a fault, nothing is tested', async () => {
  rmSync(board.kept, { recursive: true });
  board.addToFile('helth: 1');
  expect(await run()).toMatchObject({ code: 78, out: '', err: expect.stringContaining('helth') });
});

test('a config that brought the agent down is not tested, and the board not called well', async () => {
  board.rememberBoots({ content: board.content.pushed, count: 3 });
  const { driver, config, looked_at, health_status } = await report();
  const why = 'the active config brought the agent down again and again';
  expect([driver, config]).toMatchObject([{ status: 'pass' }, { status: 'fail', detail: why }]);
  expect([health_status, looked_at]).toMatchObject(['DEGRADED', { config: 'file', why: [why] }]);
});

test('in safe mode there is no document to test, and the board is not called well', async () => {
  board.rememberBoots({ failed: [board.content.pushed, board.content.file] });
  const { driver, config, looked_at, health_status } = await report();
  const why = expect.stringContaining('safe mode');
  expect([driver, config]).toMatchObject([undefined, { status: 'fail', detail: why }]);
  expect([health_status, looked_at]).toMatchObject(['DEGRADED', { config: 'safe', why: [why] }]);
  expect((await run()).out).toContain('tested the way to the brokers alone, without documents; safe mode: ');
});

test.skipIf(nobodyMissing !== undefined)(
  `a config file that may not be read, where nothing is kept, ends with 77 (${nobodyMissing ?? 'as nobody'})`,
  () => {
    rmSync(board.kept, { recursive: true });
    chmodSync(board.file, 0o600);
    expect(runAsNobody(['selftest', '--config', board.file])).toMatchObject({ status: 77, stdout: '' });
  },
);

test.skipIf(nobodyMissing !== undefined)(
  `who may not read what the board keeps is told so (${nobodyMissing ?? 'as nobody'})`,
  () => {
    chmodSync(board.kept, 0o700);
    const { stdout } = runAsNobody(['selftest', '--config', board.file]);
    expect(stdout).toMatch(/tested the config file .*config[.]yaml; what was pushed is not known: .* use sudo\n/);
  },
);
