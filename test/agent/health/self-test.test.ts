import { describe, expect, it } from 'vitest';
import { nextTurn } from '../../../agent/clock.ts';
import { type AtomicTest, renewReport, runSelfTest } from '../../../agent/health/self-test.ts';
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

describe('the time of the self-test', () => {
  const slow = (id: string, ms: number, on: ReturnType<typeof createFakeClock>): AtomicTest => ({
    ...pass(id),
    deadlineMs: 100,
    run: (signal) =>
      new Promise((resolve) => {
        on.after(ms, () => resolve({ status: 'pass', detail: signal.aborted ? 'gave up' : 'done' }));
      }),
  });

  it.each([
    [99, 'pass', 'done'],
    [101, 'timeout', 'not done within 100 ms'],
  ])('a test that takes %i ms of its 100: %s', async (ms, status, detail) => {
    const fake = createFakeClock();
    const report = runSelfTest(fake, { tests: [slow('a', ms, fake), pass('b')], vital: new Set(['a']) });
    await fake.advance(1_000);
    const { tests, health_status } = await report;
    expect(tests).toMatchObject([{ status, detail }, { status: 'pass' }]);
    expect(health_status).toBe(status === 'pass' ? 'PASS' : 'DEGRADED'); // Too slow is not the same as wrong.
  });

  it.each(['skip', 'timeout'] as const)(
    'is bounded for all of them: what does not fit in is told: %s',
    async (whenOver) => {
      const fake = createFakeClock();
      const tests = [slow('a', 60, fake), slow('b', 60, fake), pass('c')];
      const report = runSelfTest(fake, { tests, vital: new Set(), budget: { ms: 100, whenOver } });
      await fake.advance(1_000);
      const rows = (await report).tests.map(({ status, detail }) => `${status}: ${detail}`);
      expect(rows).toEqual([
        'pass: done',
        `${whenOver}: not done within 40 ms`,
        `${whenOver}: not begun: the time for the whole test was over`,
      ]);
    },
  );

  it('counts for a test as well that does not give way', async () => {
    let nowMs = 0;
    const ticking = { ...clock, monotonicMs: () => nowMs };
    const blocking: AtomicTest = {
      ...pass('a'),
      deadlineMs: 100,
      run() {
        nowMs += 150;
        return { status: 'pass', detail: 'fine' };
      },
    };
    const { tests } = await runSelfTest(ticking, { tests: [blocking], vital: new Set() });
    expect(tests).toMatchObject([{ status: 'timeout', detail: 'fine, but only after 150 ms; it has 100 ms' }]);
  });

  it('passes with each row told as soon as it is there', async () => {
    const told: string[] = [];
    await runSelfTest(clock, { tests: [pass('a'), pass('b')], vital: new Set() }, ({ id }) => told.push(id));
    expect(told).toEqual(['a', 'b']);
  });

  it('gives others their turn in between, where it tests itself beside its work', async () => {
    const order: string[] = [];
    const note = (id: string): AtomicTest => ({
      ...pass(id),
      run() {
        order.push(id);
        return { status: 'pass', detail: 'fine' };
      },
    });
    const plan = { tests: [note('a'), note('b')], vital: new Set<string>() };
    const other = () => setImmediate(() => order.push('other'));
    other();
    await runSelfTest(clock, plan, nextTurn);
    expect(order.splice(0)).toEqual(['a', 'other', 'b']);
    other();
    await renewReport(clock, plan, await runSelfTest(clock, { ...plan, tests: [] }), () => false);
    expect(order).toEqual(['a', 'other', 'b']);
  });
});
