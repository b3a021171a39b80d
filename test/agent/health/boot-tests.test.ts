import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BootTestSubjects, bootTests } from '../../../agent/health/boot-tests.ts';
import { plausibleWallMsMin } from '../../../agent/health/clock-quality.ts';
import { codecFaults, knownAnswers } from '../../../agent/health/codec-test.ts';
import { runSelfTest } from '../../../agent/health/self-test.ts';
import { poolProfiles } from '../../../agent/limits.ts';
import { createPool, type Pool } from '../../../agent/pool/pool.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { configOf } from '../../support/memory-agent.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'qn-selftest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const document = { perform: () => ok(), probe: () => ok('reads back 1'), async [Symbol.asyncDispose]() {} };

/** A sound board with one thing planted in it. */
async function run(planted: Partial<BootTestSubjects> = {}, state = folder) {
  const pool = createPool(poolProfiles.tiny);
  pool.seal();
  const config = {
    ...configOf({ documents: ['gpio.a: { driver: gpio-out, line: GPIO1 }'] }, folder),
    stateFolder: state,
  };
  const subjects = {
    clock: createFakeClock(),
    pool,
    config,
    configHash: 'abc',
    document: () => ok(document),
    ...planted,
  };
  const report = await runSelfTest(subjects.clock, bootTests(subjects));
  return { report, failed: report.tests.filter(({ status }) => status === 'fail') };
}

function damaged(change: (slot: Uint8Array) => void): Pool {
  const pool = createPool(poolProfiles.tiny);
  pool.seal();
  const slot = pool.acquire('inbound', 1)!;
  change(new Uint8Array(slot.payload.buffer, slot.payload.byteOffset, slot.payload.byteLength + 1));
  return pool;
}

describe('the self-test at boot', () => {
  it('passes on a sound board and leaves no trace', async () => {
    const { report, failed } = await run();
    expect([failed, report.health_status]).toEqual([[], 'PASS']);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('finds memory that does not hold what is written: FAIL', async () => {
    const pool = createPool(poolProfiles.tiny);
    pool.seal();
    const fault = { slot: 'small slot 3', index: 17, expected: 255, found: 127 };
    const { report, failed } = await run({ pool: { ...pool, marchTest: () => [fault] } });
    expect(failed).toMatchObject([{ id: 'pool.march', detail: 'small slot 3 byte 17: expected 255, found 127' }]);
    expect(report.health_status).toBe('FAIL');
  });

  it('finds a damaged canary: FAIL', async () => {
    const pool = damaged((memory) => void (memory[memory.length - 1]! ^= 1));
    const { report, failed } = await run({ pool });
    expect(failed).toMatchObject([{ id: 'pool.canaries', detail: expect.stringContaining('canary behind') }]);
    expect(report.health_status).toBe('FAIL');
  });

  it('finds a monotonic clock that steps back: FAIL', async () => {
    let count = 0;
    const clock = { ...createFakeClock(), monotonicMs: () => ((count += 1) === 500 ? count - 10 : count) };
    const { report, failed } = await run({ clock });
    expect(failed).toMatchObject([{ id: 'clock.monotonic', fix: 'reboot the board' }]);
    expect(report.health_status).toBe('FAIL');
  });

  it('skips the wall clock of a board that has no time yet, and says what helps', async () => {
    const { report } = await run({ clock: createFakeClock(plausibleWallMsMin - 1) });
    expect(report.tests.find(({ id }) => id === 'clock.wall')).toMatchObject({
      status: 'skip',
      detail: expect.stringContaining('2025-12-31'),
      fix: 'let the board reach a time server',
    });
    expect(report.health_status).toBe('PASS');
  });

  it('finds a state folder that is a file: DEGRADED', async () => {
    const plug = path.join(folder, 'plug');
    writeFileSync(plug, '');
    const { report, failed } = await run({}, plug);
    expect(failed).toMatchObject([{ id: 'disk.write', fix: expect.stringContaining(plug) }]);
    expect(report.health_status).toBe('DEGRADED');
  });

  it('finds a driver that did not open: DEGRADED, with its own fix', async () => {
    const error = {
      kind: 'absent',
      operation: 'open',
      resource: 'GPIO1',
      detail: 'no such line',
      fix: 'look at gpioinfo',
    } as const;
    const { report, failed } = await run({ document: () => fail(error) });
    expect(failed).toMatchObject([
      { id: 'driver.gpio.a', detail: 'open GPIO1: no such line', fix: 'look at gpioinfo' },
    ]);
    expect(report.health_status).toBe('DEGRADED');
  });

  it('finds a driver that opened and does not answer', async () => {
    const error = { kind: 'io', operation: 'read', resource: 'GPIO1', detail: 'broken' } as const;
    const { failed } = await run({ document: () => ok({ ...document, probe: () => fail(error) }) });
    expect(failed).toMatchObject([{ id: 'driver.gpio.a', detail: 'read GPIO1: broken', fix: expect.any(String) }]);
  });
});

describe('the known answers of the codecs', () => {
  it('are given', () => {
    expect(codecFaults()).toEqual([]);
    expect(knownAnswers.map(({ name }) => name)).toEqual(['json', 'cbor', 'compact']);
  });

  it.each(knownAnswers)('are missed by $name when one bit of them is another', ({ name, hex }) => {
    const bytes = Buffer.from(hex, 'hex');
    const last = bytes.length - 1;
    const index = name === 'json' ? last - 1 : last; // The digit of the priority, not the brace behind it.
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    expect(codecFaults([{ name, hex: bytes.toString('hex') }])).toEqual([expect.stringContaining(name)]);
  });
});
