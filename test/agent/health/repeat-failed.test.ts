import { expect, test } from 'vitest';
import { repeatFailed, runSelfTest, type TestPlan } from '../../../agent/health/self-test.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

test('a failed test that passes when it is repeated heals the report, and the others are left alone', async () => {
  const clock = createFakeClock();
  const runs: string[] = [];
  let isPlugged = false;
  const plan: TestPlan = {
    vital: new Set(),
    tests: ['driver.scale', 'driver.meter', 'disk'].map((id) => ({
      id,
      title: id,
      run() {
        runs.push(id);
        return { status: id === 'disk' || isPlugged ? 'pass' : 'fail', detail: 'as it is' };
      },
    })),
  };
  const first = await runSelfTest(clock, plan);
  expect(first.health_status).toBe('DEGRADED');
  isPlugged = true;
  const second = await repeatFailed(
    clock,
    plan,
    () => first,
    ({ id }) => id === 'driver.scale',
  );
  expect(second.tests.map(({ status }) => status)).toEqual(['pass', 'fail', 'pass']);
  expect(second.health_status).toBe('DEGRADED');
  const third = await repeatFailed(
    clock,
    plan,
    () => second,
    () => true,
  );
  expect(third.health_status).toBe('PASS');
  expect(runs).toEqual(['driver.scale', 'driver.meter', 'disk', 'driver.scale', 'driver.meter']);
  expect(
    await repeatFailed(
      clock,
      plan,
      () => third,
      () => true,
    ),
  ).toBe(third);
});

test('of two that run at once neither takes back what the other one found', async () => {
  const clock = createFakeClock();
  let isPlugged = false;
  const slow = Promise.withResolvers<void>();
  const plan: TestPlan = {
    vital: new Set(),
    tests: ['driver.scale', 'driver.meter'].map((id) => ({
      id,
      title: id,
      async run() {
        if (isPlugged && id === 'driver.scale') await slow.promise;
        return { status: isPlugged ? 'pass' : 'fail', detail: 'as it is' };
      },
    })),
  };
  let report = await runSelfTest(clock, plan);
  isPlugged = true;
  const repeat = async (id: string) => {
    report = await repeatFailed(
      clock,
      plan,
      () => report,
      (row) => row.id === id,
    );
  };
  const first = repeat('driver.scale');
  await repeat('driver.meter');
  slow.resolve();
  await first;
  expect(report.tests.map(({ status }) => status)).toEqual(['pass', 'pass']);
  expect(report.health_status).toBe('PASS');
});
