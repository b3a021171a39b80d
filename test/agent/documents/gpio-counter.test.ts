import { describe, expect, test } from 'vitest';
import type { Value } from '../../../agent/qn/message.ts';
import { openDocuments } from '../../support/document-rig.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const flow = (rest = '') => `flow: { driver: gpio-counter, line: F${rest} }`;

/** A board whose edges are stamped by the clock of the test, as a kernel would. */
async function openCounter(rest = '', kept?: unknown) {
  const clock = createFakeClock();
  const nowNs = () => BigInt(Math.round(clock.monotonicMs() * 1e6));
  const rig = await openDocuments({ documents: [flow(rest)], clock, nowNs, kept: { flow: kept } });
  const wire = rig.memoryBoard.wire('F');
  const pulse = () => {
    wire.pull(1);
    wire.pull(0);
  };
  /** A contact that bounces twice, 2 ms each time. */
  const bounceTo = async (level: 0 | 1) => {
    for (const at of [level, 1 - level, level, 1 - level, level]) {
      wire.pull(at === 1 ? 1 : 0);
      await clock.advance(2);
    }
  };
  return {
    rig,
    clock,
    wire,
    pulse,
    bounceTo,
    last: () => JSON.parse(rig.told.at(-1)?.replace('flow ', '') ?? 'null') as Value,
  };
}

describe('a counter', () => {
  test('counts 1 000 edges a second exactly, and tells them at most once per publish.min', async () => {
    const { rig, clock, pulse, last } = await openCounter();
    await using _rig = rig;
    for (let ms = 0; ms < 10_000; ms += 1) {
      pulse();
      await clock.advance(1);
    }
    await clock.advance(1_000);
    expect(last()).toMatchObject({ count: 10_000 });
    expect(rig.told.length).toBeLessThan(15);
  });

  test.for([
    ['rising', 10],
    ['falling', 10],
    ['both', 20],
  ] as const)('counts %s edges', async ([edge, count]) => {
    const { rig, clock, pulse, last } = await openCounter(`, edge: ${edge}`);
    await using _rig = rig;
    for (let times = 0; times < 10; times += 1) pulse();
    await clock.advance(1_000);
    expect(last()).toMatchObject({ count });
  });

  test('begins with what the agent before it kept', async () => {
    const { rig, clock, pulse, last } = await openCounter('', { count: 41 });
    await using _rig = rig;
    expect(last()).toEqual({ count: 41, rate: 0 });
    pulse();
    await clock.advance(1_000);
    expect(last()).toMatchObject({ count: 42 });
    expect(rig.keeps('flow')).toEqual({ count: 42 });
  });

  test.for([{ count: -1 }, { count: 2 ** 53 }, { count: '7' }, [], null])(
    'with %j kept it begins at 0',
    async (kept) => {
      const { rig, last } = await openCounter('', kept);
      await using _rig = rig;
      expect(last()).toEqual({ count: 0, rate: 0 });
    },
  );

  test('beyond 2^53 - 1 comes 0, never a number that is not exact', async () => {
    const { rig, clock, pulse, last } = await openCounter('', { count: Number.MAX_SAFE_INTEGER });
    await using _rig = rig;
    pulse();
    await clock.advance(1_000);
    expect(last()).toMatchObject({ count: 0 });
  });

  test.for<[Value, number]>([
    [{ set: 0 }, 0],
    [{ set: 7 }, 7],
    [12, 12],
  ])('%j sets it', async ([value, count]) => {
    const { rig, last } = await openCounter('', { count: 5 });
    await using _rig = rig;
    expect(await rig.command('flow', value)).toEqual({ ok: true });
    expect(last()).toMatchObject({ count });
  });

  test.for<Value>([-1, 1.5, 2 ** 53, 'on', { set: '0' }, { set: 0, more: 1 }, {}])('%j does not', async (value) => {
    const { rig } = await openCounter('', { count: 5 });
    await using _rig = rig;
    expect(await rig.command('flow', value)).toMatchObject({ ok: false, error: { reason: 'out-of-range' } });
  });

  test('what came in last is told at exit', async () => {
    const { rig, pulse, last } = await openCounter();
    pulse();
    await rig[Symbol.asyncDispose]();
    expect(last()).toMatchObject({ count: 1 });
    expect(rig.clock.timersCount).toBe(0);
  });

  test('the rate comes from the stamps, and goes to 0 when the line falls silent', async () => {
    const { rig, clock, pulse, last } = await openCounter();
    await using _rig = rig;
    for (let times = 0; times < 40; times += 1) {
      pulse();
      await clock.advance(100);
    }
    expect(last()).toMatchObject({ rate: 10 });
    await clock.advance(5_000);
    expect(last()).toEqual({ count: 40, rate: 0 });
    expect(clock.timersCount).toBe(0);
  });

  test('a slow line keeps its rate between two edges', async () => {
    const { rig, clock, pulse, last } = await openCounter();
    await using _rig = rig;
    for (let times = 0; times < 5; times += 1) {
      pulse();
      await clock.advance(4_000);
    }
    expect(last()).toEqual({ count: 5, rate: 0.25 });
  });
});

describe('a counter of a contact that bounces', () => {
  test.for([
    ['rising', 10],
    ['falling', 10],
    ['both', 20],
  ] as const)('counts edges of %s once each', async ([edge, count]) => {
    const { rig, clock, bounceTo, last } = await openCounter(`, edge: ${edge}, debounce: 20ms`);
    await using _rig = rig;
    for (let times = 0; times < 10; times += 1) {
      await bounceTo(1);
      await clock.advance(40);
      await bounceTo(0);
      await clock.advance(40);
    }
    await clock.advance(1_000);
    expect(last()).toMatchObject({ count });
  });

  test('counts each bounce without debounce', async () => {
    const { rig, clock, bounceTo, last } = await openCounter();
    await using _rig = rig;
    await bounceTo(1);
    await clock.advance(1_000);
    expect(last()).toMatchObject({ count: 3 });
  });

  test('does not count a pulse that is shorter than its debounce', async () => {
    const { rig, clock, wire, last } = await openCounter(', debounce: 20ms');
    await using _rig = rig;
    wire.pull(1);
    await clock.advance(19);
    wire.pull(0);
    await clock.advance(1_000);
    expect(last()).toEqual({ count: 0, rate: 0 });
  });

  test('has its rate from the edges, not from when they were known to be stable', async () => {
    const { rig, clock, wire, last } = await openCounter(', debounce: 20ms');
    await using _rig = rig;
    for (let times = 0; times < 40; times += 1) {
      wire.pull(1);
      await clock.advance(50);
      wire.pull(0);
      await clock.advance(50);
    }
    expect(last()).toMatchObject({ rate: 10 });
  });

  test('what was not stable yet is not counted at exit, and leaves no timer', async () => {
    const { rig, wire, last } = await openCounter(', debounce: 20ms');
    wire.pull(1);
    await rig[Symbol.asyncDispose]();
    expect(last()).toEqual({ count: 0, rate: 0 });
    expect(rig.clock.timersCount).toBe(0);
  });
});

test('edges that are read late and at once are told apart by their stamps', async () => {
  let atMs = 0;
  const nowNs = () => BigInt(atMs * 1e6);
  await using rig = await openDocuments({ documents: [flow(', debounce: 20ms')], nowNs });
  const wire = rig.memoryBoard.wire('F');
  for (let times = 0; times < 10; times += 1) {
    for (const [afterMs, level] of [
      [30, 1],
      [1, 0],
      [1, 1],
      [30, 0],
    ] as const) {
      atMs += afterMs;
      wire.pull(level);
    }
  }
  await rig.clock.advance(2_000);
  expect(rig.told.at(-1)).toContain('"count":10');
});
