import { format } from 'node:util';
import { expect } from './expect.ts';

/*
 * Stands in for vitest inside the guest, where all of vitest would take longer to start than the tests to run: what our
 * suites use of it, with the same meaning. ../guest-runner.test.ts compares the two.
 */

export { expect };

interface TestContext {
  skip(note?: string): void;
}

type Hook = () => unknown;
type Body = (context: TestContext) => unknown;

interface Suite {
  readonly parent?: Suite;
  readonly name: string;
  readonly isSkipped: boolean;
  readonly before: Hook[];
  readonly after: Hook[];
}

interface PlannedTest {
  readonly suite: Suite;
  readonly name: string;
  readonly isSkipped: boolean;
  readonly timeoutMs: number;
  readonly body: Body;
}

export interface GuestResult {
  readonly suite: string;
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly tookMs: number;
  /** Why it failed or was skipped. */
  readonly detail?: string;
}

const timeoutMsDefault = 20_000;

const plan = {
  tests: new Array<PlannedTest>(),
  suite: createSuite('', false),
  finish: new Array<Hook>(),
};

function createSuite(name: string, isSkipped: boolean, parent?: Suite): Suite {
  const suite = { name, isSkipped: isSkipped || (parent?.isSkipped ?? false), before: [], after: [] };
  return parent === undefined ? suite : { ...suite, parent };
}

function addSuite(name: string, body: () => void, isSkipped: boolean): void {
  const outer = plan.suite;
  plan.suite = createSuite(name, isSkipped, outer);
  body();
  plan.suite = outer;
}

export const describe = Object.assign((name: string, body: () => void) => addSuite(name, body, false), {
  skip: (name: string, body: () => void) => addSuite(name, body, true),
  skipIf: (condition: boolean) => (name: string, body: () => void) => addSuite(name, body, condition),
});

function addTest(name: string, body: Body, isSkipped: boolean, timeoutMs = timeoutMsDefault): void {
  plan.tests.push({ suite: plan.suite, name, body, timeoutMs, isSkipped: isSkipped || plan.suite.isSkipped });
}

export const test = Object.assign(
  (name: string, body: Body, timeoutMs?: number) => addTest(name, body, false, timeoutMs),
  {
    skipIf: (condition: boolean) => (name: string, body: Body, timeoutMs?: number) =>
      addTest(name, body, condition, timeoutMs),
    for:
      <Row>(rows: readonly Row[]) =>
      (name: string, body: (row: Row, context: TestContext) => unknown, timeoutMs?: number) => {
        for (const row of rows) addTest(titleOf(name, row), (context) => body(row, context), false, timeoutMs);
      },
  },
);

/** As many of the row's values as the title has places for. */
function titleOf(name: string, row: unknown): string {
  const values: unknown[] = Array.isArray(row) ? row : [row];
  const placesCount = [...name.matchAll(/%[sdifjoO]/g)].length;
  return format(name, ...values.slice(0, placesCount));
}

export function beforeEach(hook: Hook): void {
  plan.suite.before.push(hook);
}

export function afterEach(hook: Hook): void {
  plan.suite.after.push(hook);
}

/** The last one first, after the test. */
export function onTestFinished(hook: Hook): void {
  plan.finish.push(hook);
}

class Skip extends Error {}

/** Runs everything that was planned, in order. */
export async function runTests(tell: (result: GuestResult) => void): Promise<void> {
  for (const planned of plan.tests) tell(await runTest(planned));
}

async function runTest(planned: PlannedTest): Promise<GuestResult> {
  const named = { suite: suiteName(planned.suite), name: planned.name };
  if (planned.isSkipped) return { ...named, status: 'skipped', tookMs: 0 };
  const startMs = performance.now();
  const faults: unknown[] = [];
  const attempt = async (hook: Hook) => {
    try {
      await inTime(hook, planned.timeoutMs);
    } catch (fault) {
      faults.push(fault);
    }
  };
  const suites = ancestry(planned.suite);
  for (const hook of suites.flatMap((suite) => suite.before)) if (faults.length === 0) await attempt(hook);
  if (faults.length === 0) await attempt(() => planned.body({ skip: refuse }));
  for (const hook of plan.finish.splice(0).reverse()) await attempt(hook);
  for (const hook of suites.reverse().flatMap((suite) => suite.after)) await attempt(hook);
  const tookMs = Math.round(performance.now() - startMs);
  const fault = faults.find((candidate) => !(candidate instanceof Skip));
  if (fault !== undefined) return { ...named, status: 'failed', tookMs, detail: describeFault(fault) };
  if (faults[0] instanceof Skip) return { ...named, status: 'skipped', tookMs, detail: faults[0].message };
  return { ...named, status: 'passed', tookMs };
}

function refuse(note = ''): never {
  throw new Skip(note);
}

async function inTime(hook: Hook, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([hook(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function ancestry(suite: Suite): Suite[] {
  return suite.parent === undefined ? [suite] : [...ancestry(suite.parent), suite];
}

function suiteName(suite: Suite): string {
  return ancestry(suite)
    .map(({ name }) => name)
    .filter((name) => name !== '')
    .join(' ');
}

function describeFault(fault: unknown): string {
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}
