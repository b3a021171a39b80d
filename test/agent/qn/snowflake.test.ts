import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../agent/clock.ts';
import { createBootId, createIdSource, idEpochMs, nodeHash, parseId } from '../../../agent/qn/snowflake.ts';

const startMs = Date.UTC(2026, 0, 1);

/** A wall clock that shows what the test says. */
function steppedClock(wallMs: number): Clock & { wallMsNow: number } {
  return {
    wallMsNow: wallMs,
    wallMs() {
      return this.wallMsNow;
    },
    monotonicMs: () => 0,
    after: () => ({ [Symbol.dispose]() {} }),
  };
}

function setUp(wallMs = startMs, options: { lastStampMs?: number; mode?: 0 | 2 } = {}) {
  const clock = steppedClock(wallMs);
  const source = createIdSource({ clock, nodeName: 'pi-42', ...options });
  return { clock, source, next: () => parseId(source.next()) };
}

describe('an id', () => {
  it('carries stamp, mode, node and count', () => {
    const { next } = setUp();
    const node = nodeHash('pi-42');
    expect(next()).toEqual({ stampMs: startMs, mode: 0, node, count: 0 });
    expect(next()).toEqual({ stampMs: startMs, mode: 0, node, count: 1 });
  });

  it('is laid out as the clause says', () => {
    expect(parseId((5n << 23n) | (2n << 20n) | (1_023n << 10n) | 7n)).toEqual({
      stampMs: idEpochMs + 5,
      mode: 2,
      node: 1_023,
      count: 7,
    });
    expect(parseId(2n ** 64n - 1n).stampMs).toBe(idEpochMs + 2 ** 41 - 1);
  });
});

describe('the node hash', () => {
  it('is FNV-1a folded to ten bits', () => {
    const folded = (hash: number) => ((hash >>> 20) ^ (hash >>> 10) ^ hash) & 0x3ff;
    expect(nodeHash('')).toBe(folded(0x811c9dc5));
    expect(nodeHash('a')).toBe(folded(0xe40c292c)); // published vector of FNV-1a, 32 bits
    expect(nodeHash('foobar')).toBe(folded(0xbf9cf968));
  });
});

describe('an id source', () => {
  it('moves on to the next stamp when 1 024 ids were made in a millisecond', () => {
    const { next } = setUp();
    for (let count = 0; count < 1_024; count += 1) expect(next()).toMatchObject({ stampMs: startMs, count });
    expect(next()).toMatchObject({ stampMs: startMs + 1, mode: 0, count: 0 });
  });

  it.each([1, 50, 51, 86_400_000])('goes on in mode 1 at once when the clock steps back by %i ms', (stepMs) => {
    const { clock, next } = setUp();
    next();
    clock.wallMsNow -= stepMs;
    expect(next()).toMatchObject({ stampMs: startMs, mode: 1, count: 1 });
    clock.wallMsNow = startMs;
    expect(next()).toMatchObject({ stampMs: startMs, mode: 1, count: 2 });
    clock.wallMsNow = startMs + 1;
    expect(next()).toMatchObject({ stampMs: startMs + 1, mode: 0, count: 0 });
  });

  it('begins behind the last stamp of the run before', () => {
    const { source, next } = setUp(startMs, { lastStampMs: startMs + 500 });
    expect(source.lastStampMs).toBe(startMs + 500);
    expect(next()).toMatchObject({ stampMs: startMs + 501, mode: 1, count: 0 });
    expect(source.lastStampMs).toBe(startMs + 501);
  });

  it.each([Number.NaN, -5, idEpochMs - 1, 1e18, startMs - 1])(
    'goes by the clock when the last stamp is %d',
    (lastStampMs) => {
      expect(setUp(startMs, { lastStampMs }).next()).toMatchObject({ stampMs: startMs, mode: 0, count: 0 });
    },
  );

  it('says mode 2 while the clock has no time, and mode 0 from the next stamp after it got it', () => {
    const { clock, source, next } = setUp(1_000, { mode: 2 });
    expect(next()).toMatchObject({ stampMs: idEpochMs, mode: 2, count: 0 });
    clock.wallMsNow = startMs;
    expect(next()).toMatchObject({ stampMs: startMs, mode: 2, count: 0 });
    source.trustClock();
    expect(next()).toMatchObject({ stampMs: startMs, mode: 2, count: 1 });
    clock.wallMsNow += 1;
    expect(next()).toMatchObject({ stampMs: startMs + 1, mode: 0 });
  });

  it('says mode 2 when the clock shows a time before there were ids', () => {
    expect(setUp(0).next()).toMatchObject({ stampMs: idEpochMs, mode: 2 });
  });

  it('makes growing, different ids of 64 bits whatever the clock does', () => {
    const steps = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -100, max: 100 }),
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0.25),
    );
    const walk = fc.array(fc.record({ step: steps, ids: fc.constantFrom(0, 1, 3, 1_100), isTrusted: fc.boolean() }));
    fc.assert(
      fc.property(
        walk,
        fc.constantFrom(0, 2),
        fc.option(fc.maxSafeInteger(), { nil: 0 }),
        (turns, mode, lastStampMs) => {
          const { clock, source } = setUp(startMs, { mode, lastStampMs });
          let last = -1n;
          for (const { step, ids, isTrusted } of turns) {
            clock.wallMsNow = Number.isFinite(clock.wallMsNow) ? clock.wallMsNow + step : startMs;
            if (isTrusted) source.trustClock();
            for (let count = 0; count < ids; count += 1) {
              const id = source.next();
              expect(id > last && id < 2n ** 64n).toBe(true);
              last = id;
            }
          }
        },
      ),
    );
  });

  it('repeats no id over a restart with the last stamp kept', () => {
    const { clock, source } = setUp();
    const last = Array.from({ length: 3_000 }, () => source.next()).at(-1);
    clock.wallMsNow -= 10_000;
    const again = createIdSource({ clock, nodeName: 'pi-42', lastStampMs: source.lastStampMs });
    expect(again.next() > (last ?? 0n)).toBe(true);
  });
});

describe('the id of a life', () => {
  const idOf = (wallMs: number, hasTime: boolean, random: () => number) =>
    createBootId({ clock: steppedClock(wallMs), nodeName: 'pi-42', random, hasTime });

  it('has the time of the clock where that has one, and a count by chance', () => {
    const node = nodeHash('pi-42');
    expect(parseId(idOf(startMs, true, () => 0.5))).toEqual({ stampMs: startMs, mode: 0, node, count: 512 });
  });

  it.each([
    ['a clock without time', startMs, false],
    ['a clock before there were ids', 1_000, true],
    ['a clock beyond all stamps', 1e15, true],
  ])('is one of many by chance with %s', (_, wallMs, hasTime) => {
    const [first, other] = [0.25, 0.75].map((at) => parseId(idOf(wallMs, hasTime, () => at)));
    expect([first?.mode, other?.mode, first?.stampMs === other?.stampMs]).toEqual([2, 2, false]);
    expect(idOf(wallMs, hasTime, () => 1 - 2 ** -53) < 2n ** 64n).toBe(true);
  });
});
