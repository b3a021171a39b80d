import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { codecTest, configTest, driverResult, driverTest, poolTests } from '../../../agent/health/boot-tests.ts';
import { type FullTestSubjects, fullTests } from '../../../agent/health/full-tests.ts';
import { type AtomicTest, runSelfTest } from '../../../agent/health/self-test.ts';
import { monotonicTest, stepTest, syncTest, wallTest } from '../../../agent/health/tests/clock.ts';
import { codeTest, nodeTest } from '../../../agent/health/tests/code.ts';
import { cpuTests } from '../../../agent/health/tests/cpu.ts';
import { diskTest, mountTest, spaceTest } from '../../../agent/health/tests/disk.ts';
import { chipsTest, loopbackTest } from '../../../agent/health/tests/gpio.ts';
import { keptMemoryTest } from '../../../agent/health/tests/kept-memory.ts';
import { loopTest, timersTest } from '../../../agent/health/tests/loop.ts';
import { mcuTest } from '../../../agent/health/tests/mcu.ts';
import { leakTest } from '../../../agent/health/tests/memory.ts';
import { type MqttSubjects, reconnectTest, roundTripTest } from '../../../agent/health/tests/mqtt.ts';
import { codecRoundTrip } from '../../../agent/health/tests/round-trip.ts';
import { serialLoopbackTest } from '../../../agent/health/tests/serial.ts';
import { liveStoreTest } from '../../../agent/health/tests/store.ts';
import { watchdogTest } from '../../../agent/health/tests/watchdog.ts';
import { poolProfiles } from '../../../agent/limits.ts';
import { createPool } from '../../../agent/pool/pool.ts';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { type DriverError, fail, ok } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { configOf } from '../../support/memory-agent.ts';
import { openSmallDisk, smallDiskMissing } from '../../support/small-disk.ts';

/* Every test of the self-test, with the fault it is there for. What else each of them sees is in tests/. */

const folder = mkdtempSync(path.join(tmpdir(), 'qn-planted-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const inFolder = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};

const absent: DriverError = { kind: 'absent', operation: 'open', resource: 'GPIO1', detail: 'no such line' };
const config = configOf({ documents: ['gpio.a: { driver: gpio-out, line: GPIO1 }'] }, folder);
const withMcu = configOf({ documents: ['firmware.mcu0: { driver: mcu, port: /dev/ttyX }'] }, folder);
const pool = createPool(poolProfiles.tiny);
pool.seal();
const code = { folder, isFromSource: false, platform: 'linux-x64', nodeVersion: 'v24.1.2', arch: 'x64' } as const;
const changedCode = { ...code, nodeBinary: inFolder('node', 'another one than was built') };
const deadBroker = (clock: FakeClock): MqttSubjects => ({
  clock,
  open: async () => fail({ kind: 'refused', detail: 'ECONNREFUSED' }),
});
const wrongCpu = cpuTests({
  sha256: () => '00',
  verifyEd25519: () => true,
  crc32: () => 1,
  floats: () => [0, 0, 0, 0, 0, 0],
});

/** Undefined: it cannot be planted on this machine. */
function planted(clock: FakeClock): { readonly [id: string]: AtomicTest | undefined } {
  inFolder(
    'manifest.json',
    JSON.stringify({ version: '1', files: { node: '00' }, node: { version: 'v24.1.2', binaries: { x64: '00' } } }),
  );
  inFolder('proc/self/cgroup', '0::/a.service\n');
  inFolder('fs/cgroup/a.service/memory.min', '0\n');
  inFolder('proc/self/mounts', `/dev/sda1 ${folder} ext4 ro 0 0\n`);
  mkdirSync(path.join(folder, 'run', 'systemd', 'timesync'), { recursive: true });
  const lateByMs = (ms: number) => ({
    ...clock,
    after: (delayMs: number, action: () => void) => clock.after(delayMs + ms, action),
  });
  let readings = 0;
  const brokenPool = { ...pool, marchTest: () => [{ slot: 's', index: 0, expected: 1, found: 0 }], check: () => ['s'] };
  const gpio = ok(createSimulatedGpio(createMemoryBoard()));
  const rows: readonly AtomicTest[] = [
    ...wrongCpu,
    codecTest([{ name: 'json', hex: Buffer.from('{"t":"notify","id":"8","val":true}').toString('hex') }]),
    monotonicTest({ ...clock, monotonicMs: () => -(readings += 1) }),
    wallTest(createFakeClock(0), false),
    syncTest(false, path.join(folder, 'run')),
    stepTest({ ...clock, wallMs: () => clock.wallMs() + (clock.monotonicMs() > 20 ? 3_600_000 : 0) }, 200),
    configTest(config, 'abc', async () => ok('def')),
    diskTest(inFolder('plug', '')),
    mountTest(folder, path.join(folder, 'proc')),
    liveStoreTest(() => undefined),
    chipsTest({ backend: 'gpiochip' }, fail(absent)),
    driverTest('gpio.a', () => fail(absent)),
    loopbackTest({ clock, gpio, output: 'GPIO17', input: 'GPIO27', togglesCount: 2 }), // No wire.
    serialLoopbackTest({ clock, port: '/dev/ttyX', settings: serialSettings8N1, open: async () => fail(absent) }),
    mcuTest(withMcu, () => driverResult(fail(absent))),
    watchdogTest({ env: { NOTIFY_SOCKET: '/x' }, sys: folder }),
    keptMemoryTest({ env: { NOTIFY_SOCKET: '/x' }, sys: folder }, path.join(folder, 'proc')),
    ...poolTests(brokenPool),
    codeTest(changedCode),
    nodeTest(changedCode),
    loopTest(lateByMs(600), 5),
    timersTest(lateByMs(-5)),
    leakTest({
      pool: { ...pool, check: () => ['small slot 3: canary behind'] },
      roundTrip: codecRoundTrip,
      messagesCount: 9,
    }),
    roundTripTest(deadBroker(clock), { messagesCount: 1, deadlineMs: 1_000, isBrokerOptional: false }),
    reconnectTest(deadBroker(clock)),
  ];
  return Object.fromEntries(rows.map((row) => [row.id, row]));
}

/** Of the whole self-test, as `qn-agent selftest --mode full` and a running agent order it. */
function allIds(): readonly string[] {
  const clock = createFakeClock();
  const subjects: FullTestSubjects = {
    ...{
      clock,
      config,
      configHash: 'abc',
      pool,
      gpio: fail(absent),
      roundTrip: codecRoundTrip,
      mqtt: deadBroker(clock),
    },
    reloadConfig: async () => ok('abc'),
    document: () => fail(absent),
    code: changedCode,
    store: liveStoreTest(() => undefined),
    watchdog: { env: {}, sys: folder },
    loopback: { output: 'GPIO17', input: 'GPIO27' },
    serialLoopback: { port: '/dev/ttyX', settings: serialSettings8N1, open: async () => fail(absent) },
  };
  return fullTests('full', subjects).tests.map(({ id }) => id);
}

const ids = allIds();

it('there are at least 17 of them, each with a fault of its own', () => {
  expect(new Set(ids).size).toBeGreaterThanOrEqual(17);
  expect(ids.filter((id) => id !== 'disk.space').toSorted()).toEqual(
    Object.keys(planted(createFakeClock())).toSorted(),
  );
});

it.each(ids.filter((id) => id !== 'disk.space'))('%s fails when its fault is planted', async (id) => {
  const clock = createFakeClock();
  const test = planted(clock)[id];
  expect(test).toBeDefined();
  const running = runSelfTest(clock, { tests: test === undefined ? [] : [test], vital: new Set() });
  const end = running.then(() => 'ended' as const);
  // Time goes fast, but not so fast that a disk seems to hang.
  while ((await Promise.race([end, delay(1)])) !== 'ended') await clock.advance(10);
  expect((await running).tests).toMatchObject([{ id, status: 'fail', fix: expect.stringMatching(/./) }]);
});

it.skipIf(smallDiskMissing !== undefined)(
  `disk.space fails when its fault is planted (${smallDiskMissing ?? 'a tmpfs of 1 MiB'})`,
  async () => {
    using disk = openSmallDisk();
    const { tests } = await runSelfTest(createFakeClock(), { tests: [spaceTest(disk.folder)], vital: new Set() });
    expect(tests).toMatchObject([{ id: 'disk.space', status: 'fail' }]);
  },
);
