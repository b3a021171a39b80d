import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Value } from '../qn/message.ts';

export type TestStatus = 'pass' | 'fail' | 'skip';

export interface TestResult {
  readonly status: TestStatus;
  /** What was seen, with numbers. */
  readonly detail: string;
  /** With `fail`: what to do. */
  readonly fix?: string;
}

/** One atomic test. It must end by itself, and leave everything as it was. */
export interface AtomicTest {
  readonly id: string;
  readonly title: string;
  run(): TestResult | Promise<TestResult>;
}

/** A failed test of these makes the board `FAIL`; any other failure only `DEGRADED`. */
export interface TestPlan {
  readonly tests: readonly AtomicTest[];
  readonly vital: ReadonlySet<string>;
}

export type HealthStatus = 'PASS' | 'DEGRADED' | 'FAIL';

export interface TestRow extends TestResult {
  readonly id: string;
  readonly title: string;
  readonly took_us: number;
}

export interface SelfTestReport {
  readonly health_status: HealthStatus;
  /** The slowest single test of a driver, in µs: what one call to the hardware costs at worst. 0 without drivers. */
  readonly max_latency_us: number;
  readonly took_ms: number;
  readonly tests: readonly TestRow[];
}

/**
 * Runs the tests one after the other. A test that throws has failed, with its error as detail.
 * It checks the agent's surroundings at this moment; it is not a safety function.
 */
export async function runSelfTest(clock: Clock, plan: TestPlan): Promise<SelfTestReport> {
  const startMs = clock.monotonicMs();
  const tests: TestRow[] = [];
  for (const test of plan.tests) tests.push(await runOne(clock, test));
  const latencies = tests.filter(({ id }) => id.startsWith('driver.')).map(({ took_us }) => took_us);
  return {
    health_status: judge(tests, plan.vital),
    max_latency_us: Math.max(0, ...latencies),
    took_ms: Math.round(clock.monotonicMs() - startMs),
    tests,
  };
}

/**
 * The same report with the failed tests that `isWorthRepeating` run again: a device that was unplugged at boot must not
 * make the board look ill for ever. The very same object when there was none to repeat.
 */
export async function repeatFailed(
  clock: Clock,
  plan: TestPlan,
  report: SelfTestReport,
  isWorthRepeating: (id: string) => boolean,
): Promise<SelfTestReport> {
  const isRepeated = ({ id, status }: TestRow) => status === 'fail' && isWorthRepeating(id);
  if (!report.tests.some(isRepeated)) return report;
  const tests: TestRow[] = [];
  for (const row of report.tests) {
    const test = isRepeated(row) ? plan.tests.find(({ id }) => id === row.id) : undefined;
    tests.push(test === undefined ? row : await runOne(clock, test));
  }
  return { ...report, tests, health_status: judge(tests, plan.vital) };
}

/**
 * The report of another plan, for the same board with another config: `isStanding` tests keep their row, all others are
 * run.
 */
export async function renewReport(
  clock: Clock,
  plan: TestPlan,
  report: SelfTestReport,
  isStanding: (id: string) => boolean,
): Promise<SelfTestReport> {
  const tests: TestRow[] = [];
  for (const test of plan.tests) {
    const known = isStanding(test.id) ? report.tests.find(({ id }) => id === test.id) : undefined;
    tests.push(known ?? (await runOne(clock, test)));
  }
  return { ...report, tests, health_status: judge(tests, plan.vital) };
}

async function runOne(clock: Clock, { id, title, run }: AtomicTest): Promise<TestRow> {
  const startMs = clock.monotonicMs();
  const result = await attempt(run);
  const took_us = Math.round((clock.monotonicMs() - startMs) * 1_000);
  return { id, title, ...result, took_us };
}

async function attempt(run: AtomicTest['run']): Promise<TestResult> {
  try {
    return await run();
  } catch (error) {
    return {
      status: 'fail',
      detail: `the test itself broke: ${String(error)}`,
      fix: 'report this as a bug of the agent',
    };
  }
}

function judge(tests: readonly TestRow[], vital: ReadonlySet<string>): HealthStatus {
  const failed = tests.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return 'PASS';
  return failed.some(({ id }) => vital.has(id)) ? 'FAIL' : 'DEGRADED';
}

export function logSelfTest(log: Log, { health_status, took_ms, tests }: SelfTestReport): void {
  for (const { id, status, detail, fix } of tests)
    if (status === 'fail') log.error({ id, detail, fix }, 'self-test failed');
  log.info({ health_status, took_ms, tests: tests.length }, 'self-test done');
}

/** As the document `selftest` has it. */
export function valueOfSelfTest(report: SelfTestReport): Value {
  return { ...report, tests: report.tests.map((row) => ({ ...row })) };
}
