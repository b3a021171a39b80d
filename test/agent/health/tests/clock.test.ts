import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plausibleWallMsMin } from '../../../../agent/health/clock-quality.ts';
import { stepTest, syncTest, wallTest } from '../../../../agent/health/tests/clock.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { runTest } from '../../../support/run-test.ts';

describe('the clocks', () => {
  it('the wall clock of a board without time fails, except at boot', async () => {
    const clock = createFakeClock(plausibleWallMsMin - 1);
    expect(await runTest(wallTest(clock, false))).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('timedatectl'),
    });
    expect(await runTest(wallTest(clock, true))).toMatchObject({ status: 'skip' });
    expect(await runTest(wallTest(createFakeClock(plausibleWallMsMin), false))).toMatchObject({ status: 'pass' });
  });

  it.each([
    ['nothing', 0, 'pass'],
    ['a step of 50 ms, as much as a service that steers', 50, 'pass'],
    ['a step forward', 51, 'fail'],
    ['a step back', -60_000, 'fail'],
  ] as const)('%s while they are compared', async (_, stepMs, status) => {
    const clock = createFakeClock();
    const row = runTest(stepTest(clock, 200), clock);
    await clock.advance(100);
    clock.stepWall(stepMs);
    await clock.advance(200);
    expect(await row).toMatchObject({ status });
    if (status === 'fail') expect((await row).detail).toContain(`set by ${stepMs} ms`);
  });
});

describe('the service that sets the clock', () => {
  let run = '';
  beforeEach(async () => {
    run = await mkdtemp(path.join(tmpdir(), 'qn-run-'));
  });
  afterEach(() => rm(run, { recursive: true, force: true }));

  it('is not known where there is none', async () => {
    expect(await runTest(syncTest(false, run))).toMatchObject({ status: 'skip' });
  });

  it('has not set it: a fault, except at boot', async () => {
    mkdirSync(path.join(run, 'systemd', 'timesync'), { recursive: true });
    expect(await runTest(syncTest(false, run))).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('timedatectl'),
    });
    expect(await runTest(syncTest(true, run))).toMatchObject({ status: 'skip' });
  });

  it('has set it', async () => {
    mkdirSync(path.join(run, 'systemd', 'timesync'), { recursive: true });
    writeFileSync(path.join(run, 'systemd', 'timesync', 'synchronized'), '');
    expect(await runTest(syncTest(false, run))).toMatchObject({ status: 'pass' });
  });
});
