import { type Clock, systemClock } from '../../agent/clock.ts';
import { type AtomicTest, runSelfTest, type TestRow } from '../../agent/health/self-test.ts';

/** One test of the self-test by itself, through the real runner. */
export async function runTest(test: AtomicTest, clock: Clock = systemClock): Promise<TestRow> {
  const { tests } = await runSelfTest(clock, { tests: [test], vital: new Set() });
  return tests[0]!;
}
