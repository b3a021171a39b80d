import { type Clock, nextTurn } from '../clock.ts';
import { testMsMax } from '../limits.ts';
import type { Log } from '../log.ts';
import { envelopeBytes, type Value } from '../qn/message.ts';

/** timeout: it was not done, or not even begun, within its time. It counts as failed. */
export type TestStatus = 'pass' | 'fail' | 'timeout' | 'skip';

export interface TestResult {
  readonly status: TestStatus;
  /** What was seen, with numbers. */
  readonly detail: string;
  /** Of anything but `pass`: what to do. */
  readonly fix?: string;
  /** The slowest answer it waited for, where it measures one. */
  readonly latency_us?: number;
}

/** One atomic test. It leaves everything as it was. */
export interface AtomicTest {
  readonly id: string;
  readonly title: string;
  /** Default: testMsMax. */
  readonly deadlineMs?: number;
  /** The signal is aborted when its time is over: it must give back what it holds then, and its result is not asked for. */
  run(signal: AbortSignal): TestResult | Promise<TestResult>;
}

/** A failed test of these makes the board `FAIL`; any other failure, and one that took too long, only `DEGRADED`. */
export interface TestPlan {
  readonly tests: readonly AtomicTest[];
  readonly vital: ReadonlySet<string>;
  /** For all of them. Default: as long as each of them may take. */
  readonly budget?: TestBudget;
  /** Aborted: what runs is cut, the rest is left out, and nobody asks for the report. */
  readonly signal?: AbortSignal;
}

/** What does not fit into it has that status: a short test leaves out, a long one has failed. */
export interface TestBudget {
  readonly ms: number;
  readonly whenOver: 'skip' | 'timeout';
}

export type HealthStatus = 'PASS' | 'DEGRADED' | 'FAIL';

export interface TestRow extends TestResult {
  readonly id: string;
  readonly title: string;
  readonly took_us: number;
}

export interface SelfTestReport {
  readonly health_status: HealthStatus;
  /** The slowest answer of anything outside: a driver, a loopback, the broker. 0 when there was none. */
  readonly max_latency_us: number;
  readonly took_ms: number;
  readonly tests: readonly TestRow[];
}

/**
 * Runs the tests one after the other, each within its deadline; `onRow` may take time in between. A test that throws has failed,
 * with its error as detail.
 * It checks the agent's surroundings at this moment; it is not a safety function.
 *
 * Not promised: that a test which does not give way ends in time; when it is back, its row says `timeout`.
 */
export async function runSelfTest(
  clock: Clock,
  plan: TestPlan,
  onRow: (row: TestRow) => unknown = () => {},
): Promise<SelfTestReport> {
  const startMs = clock.monotonicMs();
  const { ms, whenOver } = plan.budget ?? unbounded;
  const tests: TestRow[] = [];
  for (const test of plan.tests) {
    if (plan.signal?.aborted === true) break;
    const leftMs = startMs + ms - clock.monotonicMs();
    const { deadlineMs = testMsMax } = test;
    const run = await runOne(clock, test, Math.min(deadlineMs, leftMs), plan.signal);
    const isLeftOut = run.status === 'timeout' && leftMs < deadlineMs;
    const row = isLeftOut ? { ...run, status: whenOver, fix: budgetFix } : run;
    tests.push(row);
    await onRow(row);
  }
  return {
    health_status: judge(tests, plan.vital),
    max_latency_us: Math.max(0, ...tests.map(latencyOf)),
    took_ms: Math.round(clock.monotonicMs() - startMs),
    tests,
  };
}

const unbounded: TestBudget = { ms: Number.POSITIVE_INFINITY, whenOver: 'timeout' };
const budgetFix = 'run it with --mode full, or look for what keeps this board busy: top';

function latencyOf({ id, took_us, latency_us }: TestRow): number {
  return latency_us ?? (id.startsWith('driver.') ? took_us : 0);
}

/** The report of the whole plan, when `begun` is that of its first tests. */
export async function endSelfTest(clock: Clock, plan: TestPlan, begun: SelfTestReport): Promise<SelfTestReport> {
  const rest = await runSelfTest(clock, { ...plan, tests: plan.tests.slice(begun.tests.length) });
  const tests = [...begun.tests, ...rest.tests];
  return {
    health_status: judge(tests, plan.vital),
    max_latency_us: Math.max(begun.max_latency_us, rest.max_latency_us),
    took_ms: begun.took_ms + rest.took_ms,
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
  report: () => SelfTestReport,
  isWorthRepeating: (row: TestRow) => boolean,
): Promise<SelfTestReport> {
  const repeated = new Map<string, TestRow>(); // As many as the report has rows.
  for (const row of report().tests) {
    const test = isFailed(row) && isWorthRepeating(row) ? plan.tests.find(({ id }) => id === row.id) : undefined;
    if (test !== undefined) repeated.set(row.id, await runOne(clock, test, test.deadlineMs ?? testMsMax));
  }
  const now = report(); // Others may have been at it meanwhile.
  if (repeated.size === 0) return now;
  const tests = now.tests.map((row) => (isFailed(row) ? (repeated.get(row.id) ?? row) : row));
  return { ...now, tests, health_status: judge(tests, plan.vital) };
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
    tests.push(known ?? (await runOne(clock, test, test.deadlineMs ?? testMsMax)));
    if (known === undefined) await nextTurn();
  }
  return { ...report, tests, health_status: judge(tests, plan.vital) };
}

async function runOne(clock: Clock, test: AtomicTest, limitMs: number, signal?: AbortSignal): Promise<TestRow> {
  const { id, title } = test;
  const startMs = clock.monotonicMs();
  const result = limitMs <= 0 ? notBegun : await withinTime(clock, test, limitMs, signal);
  const tookMs = clock.monotonicMs() - startMs;
  const isLate = result.status === 'pass' && tookMs > limitMs;
  return { id, title, ...(isLate ? lateResult(result, tookMs, limitMs) : result), took_us: Math.round(tookMs * 1_000) };
}

const notBegun: TestResult = { status: 'timeout', detail: 'not begun: the time for the whole test was over' };

function lateResult({ detail }: TestResult, tookMs: number, limitMs: number): TestResult {
  const text = `${detail}, but only after ${Math.round(tookMs)} ms; it has ${Math.round(limitMs)} ms`;
  return { status: 'timeout', detail: text, fix: 'look for what keeps this board busy: top' };
}

async function withinTime(
  clock: Clock,
  { run }: AtomicTest,
  limitMs: number,
  signal?: AbortSignal,
): Promise<TestResult> {
  const over = new AbortController();
  const cutShort = () => over.abort();
  signal?.addEventListener('abort', cutShort, { once: true });
  const cut = Promise.withResolvers<TestResult>();
  const timer = clock.after(limitMs, () => {
    over.abort();
    const fix = 'look whether the device, the disk or the broker answers at all';
    cut.resolve({ status: 'timeout', detail: `not done within ${Math.round(limitMs)} ms`, fix });
  });
  const result = await Promise.race([attempt(run, over.signal), cut.promise]);
  timer[Symbol.dispose]();
  signal?.removeEventListener('abort', cutShort);
  return result;
}

async function attempt(run: AtomicTest['run'], signal: AbortSignal): Promise<TestResult> {
  try {
    return await run(signal);
  } catch (error) {
    return {
      status: 'fail',
      detail: `the test itself broke: ${String(error)}`,
      fix: 'report this as a bug of the agent',
    };
  }
}

export function isFailed({ status }: Pick<TestRow, 'status'>): boolean {
  return status === 'fail' || status === 'timeout';
}

export function judge(tests: readonly TestRow[], vital: ReadonlySet<string>): HealthStatus {
  const failed = tests.filter(isFailed);
  if (failed.length === 0) return 'PASS';
  return failed.some(({ id, status }) => status === 'fail' && vital.has(id)) ? 'FAIL' : 'DEGRADED';
}

export function logSelfTest(log: Log, report: SelfTestReport): void {
  const { health_status, took_ms, tests } = report;
  logFailed(log, report, () => true);
  log.info({ health_status, took_ms, tests: tests.length }, 'self-test done');
}

export function logFailed(log: Log, { tests }: SelfTestReport, isMeant: (row: TestRow) => boolean): void {
  for (const row of tests.filter(isMeant).filter(isFailed)) {
    const { id, detail, fix } = row;
    log.error({ id, detail, fix }, 'self-test failed');
  }
}

const briefRowsMax = 8;

/** As the document `selftest` has it; where no message has room for all rows, those that did not pass. */
export function valueOfSelfTest(report: SelfTestReport, bytesMax: number): { readonly [key: string]: Value } {
  const value = { ...report, tests: report.tests.map((row) => ({ ...row })) };
  if (Buffer.byteLength(JSON.stringify(value)) + envelopeBytes <= bytesMax) return value;
  return {
    ...value,
    tests: value.tests.filter(isFailed).slice(0, briefRowsMax),
    passed: report.tests.filter(({ status }) => status === 'pass').length,
    is_brief: true,
  };
}
