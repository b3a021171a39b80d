import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../../agent/config/config.ts';
import { gpioOut } from '../../../../agent/documents/gpio-out.ts';
import { configTest, driverTest } from '../../../../agent/health/boot-tests.ts';
import type { TestRow } from '../../../../agent/health/self-test.ts';
import { mcuTest } from '../../../../agent/health/tests/mcu.ts';
import { liveStoreTest, storedFileTest } from '../../../../agent/health/tests/store.ts';
import { watchdogTest } from '../../../../agent/health/tests/watchdog.ts';
import { fail, ok } from '../../../../drivers/contract/result.ts';
import { createSimulatedBoard, createSimulatedGpio } from '../../../../drivers/gpio-simulated.ts';
import { openFolderBoard } from '../../../../drivers/simulated/folder-board.ts';
import { configOf } from '../../../support/memory-agent.ts';
import { runTest } from '../../../support/run-test.ts';
import { openFileRig } from '../../../support/store-rigs.ts';
import { watchSurroundings } from '../../documents/surroundings.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'qn-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the store', () => {
  it('of a running agent is as it says', async () => {
    await using rig = openFileRig();
    const store = await rig.open();
    const metrics = store.metrics();
    expect(await runTest(liveStoreTest(() => metrics))).toMatchObject({ status: 'pass' });
    expect(await runTest(liveStoreTest(() => ({ ...metrics, state: 'full' })))).toMatchObject({
      status: 'fail',
      detail: 'the store says: full',
    });
    expect(await runTest(liveStoreTest(() => undefined))).toMatchObject({ status: 'fail' });
  });

  it('that is there is checked by SQLite, and one that is open is left alone', async () => {
    await using rig = openFileRig();
    symlinkSync(rig.folder, path.join(folder, 'store'));
    const store = await rig.open();
    await store.values.set('a', 'b');
    expect(await runTest(storedFileTest(folder))).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('running agent'),
    });
    await store[Symbol.asyncDispose]();
    expect(await runTest(storedFileTest(folder))).toMatchObject({ status: 'pass', detail: 'integrity_check: ok' });
  });

  it('that is damaged is found', async () => {
    mkdirSync(path.join(folder, 'store'));
    writeFileSync(path.join(folder, 'store', 'store.db'), Buffer.alloc(8_192, 0x5a));
    expect(await runTest(storedFileTest(folder))).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('sets the damaged file aside'),
    });
  });

  it('that was never made is no fault', async () => {
    expect(await runTest(storedFileTest(folder))).toMatchObject({ status: 'skip' });
  });
});

describe('the watchdog', () => {
  const run = (
    env: { readonly [name: string]: string },
    notify?: (text: string) => string | undefined,
  ): Promise<TestRow> => runTest(watchdogTest({ env, sys: folder, ...(notify === undefined ? {} : { notify }) }));
  const service = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' };

  it('is not there outside a service, and is told with the hardware', async () => {
    mkdirSync(path.join(folder, 'class', 'watchdog', 'watchdog0'), { recursive: true });
    expect(await run({})).toMatchObject({ status: 'skip', detail: expect.stringContaining('hardware: watchdog0') });
  });

  it('is fed', async () => {
    const told: string[] = [];
    const hear = (text: string): undefined => void told.push(text);
    expect(await run(service, hear)).toMatchObject({ status: 'pass', detail: 'every 30 s; no hardware watchdog' });
    expect(told).toEqual(['WATCHDOG=1']);
  });

  const heard = (): undefined => undefined;
  const refused = () => 'ECONNREFUSED';
  it.each([
    ['a service without one', { NOTIFY_SOCKET: '/x' }, heard, 'the service has no watchdog'],
    ['a socket nobody reads', service, refused, 'does not hear: ECONNREFUSED'],
    ['one without a socket', { WATCHDOG_USEC: '1' }, undefined, 'NOTIFY_SOCKET is missing'],
  ] as const)('finds %s', async (_, env, notify, detail) => {
    expect(await run(env, notify)).toMatchObject({ status: 'fail', detail: expect.stringContaining(detail) });
  });
});

describe('the configuration', () => {
  const config = configOf({ documents: ['x: { driver: gpio-in, line: A }'] }, tmpdir());
  it.each([
    ['the same', async () => ok('abc'), 'pass'],
    ['another one', async () => ok('def'), 'fail'],
    ['one with a fault', async () => fail('config.yaml:3:1: unknown key'), 'fail'],
  ] as const)('in the files is %s', async (_, reload, status) => {
    expect(await runTest(configTest(config, 'abc', reload))).toMatchObject({ status });
  });
});

describe('an output', () => {
  it('that reads back another level than it is driven to is found', async () => {
    createSimulatedBoard(folder, ['GPIO17']);
    const gpio = createSimulatedGpio(openFolderBoard(folder));
    const config = configOf({ documents: ['r: { driver: gpio-out, line: GPIO17, active: low }'] }, folder).documents[
      'r'
    ];
    if (config?.driver !== 'gpio-out') throw new Error('not the config of an output');
    const document = await gpioOut.open(config, watchSurroundings({ gpio }));
    const test = driverTest('r', () => document);
    expect(await runTest(test)).toMatchObject({ status: 'pass', detail: 'reads back 1' });
    writeFileSync(path.join(folder, 'GPIO17', 'value'), '0\n'); // A short circuit to ground.
    expect(await runTest(test)).toMatchObject({
      status: 'fail',
      detail: 'read GPIO17: driven 1, reads back 0',
      fix: expect.stringContaining('short circuit'),
    });
    if (document.ok) await document.value[Symbol.asyncDispose]();
  });
});

describe('microcontrollers', () => {
  const board = configOf({ documents: ['x: { driver: gpio-in, line: A }'] }, tmpdir());
  const config = {
    ...board,
    documents: { 'firmware.mcu0': { driver: 'mcu' }, 'firmware.mcu1': { driver: 'mcu' } },
  } as unknown as Config;

  it('are skipped where there are none', async () => {
    expect(await runTest(mcuTest(board, () => ({ status: 'pass', detail: '' })))).toMatchObject({ status: 'skip' });
  });

  it('answer, and one that does not is found', async () => {
    expect(await runTest(mcuTest(config, () => ({ status: 'pass', detail: 'up' })))).toMatchObject({
      status: 'pass',
      detail: 'firmware.mcu0: up',
    });
    const probe = (name: string) => ({ status: name.endsWith('1') ? 'fail' : 'pass', detail: 'silent' }) as const;
    expect(await runTest(mcuTest(config, probe))).toMatchObject({ status: 'fail', detail: 'firmware.mcu1: silent' });
  });
});
