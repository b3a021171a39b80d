import { describe, expect, it } from 'vitest';
import { type AtomicTest, runSelfTest } from '../../../agent/health/self-test.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const clock = createFakeClock();
const pass = (id: string): AtomicTest => ({ id, title: id, run: () => ({ status: 'pass', detail: 'fine' }) });
const failing = (id: string): AtomicTest => ({
  id,
  title: id,
  run: () => ({ status: 'fail', detail: 'broken', fix: 'mend' }),
});
const skipped: AtomicTest = { id: 'c', title: 'c', run: () => ({ status: 'skip', detail: 'not here' }) };
const broken: AtomicTest = {
  id: 'd',
  title: 'd',
  run() {
    throw new Error('bug');
  },
};

const run = (tests: readonly AtomicTest[], vital: readonly string[] = []) =>
  runSelfTest(clock, { tests, vital: new Set(vital) });

describe('the verdict of the self-test', () => {
  it.each([
    ['PASS', [], []],
    ['PASS', [pass('a'), skipped], ['a', 'c']],
    ['DEGRADED', [pass('a'), failing('b')], ['a']],
    ['FAIL', [pass('a'), failing('b')], ['b']],
    ['FAIL', [broken], ['d']],
  ] as const)('%s', async (verdict, tests, vital) => {
    expect((await run(tests, vital)).health_status).toBe(verdict);
  });

  it('has one row for each test, in order, also after one that broke', async () => {
    const { tests } = await run([broken, pass('a')]);
    expect(tests).toMatchObject([
      { id: 'd', status: 'fail', detail: 'the test itself broke: Error: bug', fix: expect.any(String) },
      { id: 'a', status: 'pass' },
    ]);
  });

  it('tells the slowest driver, and counts nothing else as one', async () => {
    let nowMs = 0;
    const ticking = { ...clock, monotonicMs: () => nowMs };
    const taking = (id: string, ms: number): AtomicTest => ({
      ...pass(id),
      run() {
        nowMs += ms;
        return { status: 'pass', detail: '' };
      },
    });
    const tests = [taking('disk.write', 50), taking('driver.a', 2), taking('driver.b', 3.5)];
    const report = await runSelfTest(ticking, { tests, vital: new Set() });
    expect(report).toMatchObject({ max_latency_us: 3_500, took_ms: 56 });
    expect((await run([pass('a')])).max_latency_us).toBe(0);
  });
});
