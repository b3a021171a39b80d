import { expect, test } from 'vitest';
import { lateTestsMs } from '../../../agent/health/limits.ts';
import { repeatLateTests } from '../../../agent/health/repeated-tests.ts';
import { repeatFailed, runSelfTest, type TestPlan } from '../../../agent/health/self-test.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

/** A board that is so slow at first; the rows of its report after each of the waits. */
async function slowBoard(lateRuns: number) {
  const clock = createFakeClock();
  let runs = 0;
  const plan: TestPlan = {
    vital: new Set(),
    tests: [
      {
        id: 'slow',
        title: 'slow',
        run() {
          runs += 1;
          return { status: runs <= lateRuns ? 'timeout' : 'pass', detail: 'as it is' };
        },
      },
      { id: 'ill', title: 'ill', run: () => ({ status: 'fail', detail: 'for good' }) },
    ],
  };
  let report = await runSelfTest(clock, plan);
  const repeating = repeatLateTests(
    clock,
    () => report,
    async (isWorthIt) => {
      report = await repeatFailed(clock, plan, () => report, isWorthIt);
    },
  );
  const statuses = () => report.tests.map(({ status }) => status).join(' ');
  return { repeating, statuses, pass: (ms: number) => clock.advance(ms), runs: () => runs };
}

const [firstMs = 0, secondMs = 0] = lateTestsMs;

test('a test that was only late is run again when the board has had time to calm down; one that failed is not', async () => {
  const board = await slowBoard(1);
  expect(board.statuses()).toBe('timeout fail');
  await board.pass(firstMs - 1);
  expect(board.runs()).toBe(1);
  await board.pass(1);
  expect(board.statuses()).toBe('pass fail');
  await board.pass(secondMs * 10);
  expect(board.runs()).toBe(2);
});

test('one that is late again gets another chance, and then its row stays', async () => {
  const board = await slowBoard(9);
  await board.pass(firstMs);
  await board.pass(secondMs);
  await board.pass(secondMs * 10);
  expect(board.runs()).toBe(1 + lateTestsMs.length);
  expect(board.statuses()).toBe('timeout fail');
});

test('an agent that stops runs none of them any more', async () => {
  const board = await slowBoard(1);
  board.repeating[Symbol.dispose]();
  await board.pass(secondMs * 10);
  expect(board.runs()).toBe(1);
});

test('one that comes behind the start, as that of the code does, and is late then is run again as well', async () => {
  const clock = createFakeClock();
  const plan = (status: 'pass' | 'timeout'): TestPlan => ({
    vital: new Set(),
    tests: [{ id: 'code', title: 'code', run: () => ({ status, detail: 'as it is' }) }],
  });
  let report = await runSelfTest(clock, plan('pass'));
  let runs = 0;
  using _repeating = repeatLateTests(
    clock,
    () => report,
    async () => {
      runs += 1;
    },
  );
  report = await runSelfTest(clock, plan('timeout'));
  await clock.advance(firstMs);
  expect(runs).toBe(1);
});
