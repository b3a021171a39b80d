import { describe, expect, it } from 'vitest';
import { grantWatch, isWorthTelling, nextTelling } from '../../../agent/documents/watch-pace.ts';
import { watchIntervalMsMin, watchLeaseMsDefault, watchLeaseMsMax, watchLeaseMsMin } from '../../../agent/limits.ts';

describe('the grant of a watch', () => {
  it.each([
    [undefined, watchLeaseMsDefault],
    [0, watchLeaseMsMin],
    [watchLeaseMsMin, watchLeaseMsMin],
    [watchLeaseMsMax, watchLeaseMsMax],
    [watchLeaseMsMax + 1, watchLeaseMsMax],
  ])('for a lease of %s ms is %s ms', (lease, leaseMs) => {
    const granted = grantWatch({ t: 'query', ...(lease === undefined ? {} : { lease }) });
    expect(granted).toMatchObject({ ok: true, value: { leaseMs, minMs: 0, step: 0 } });
  });

  it('takes a max of the shortest interval, and refuses one below, or below min', () => {
    expect(grantWatch({ t: 'query', max: watchIntervalMsMin }).ok).toBe(true);
    expect(grantWatch({ t: 'query', max: watchIntervalMsMin - 1 })).toMatchObject({
      error: { reason: 'out-of-range' },
    });
    expect(grantWatch({ t: 'query', min: 500, max: 500 }).ok).toBe(true);
    expect(grantWatch({ t: 'query', min: 501, max: 500 })).toMatchObject({ error: { reason: 'out-of-range' } });
  });
});

describe('what is due for a watcher', () => {
  const grant = { leaseMs: 60_000, minMs: 100, maxMs: 1_000, step: 2 };
  const told = { version: 1, value: 10, atMs: 5_000 };

  it.each([
    ['nothing was told yet', undefined, { version: 1, value: 10 }, 5_000, { tell: 'snapshot' }],
    ['it changed and min is over', told, { version: 2, value: 12 }, 5_100, { tell: 'delta' }],
    ['it changed before min is over', told, { version: 2, value: 12 }, 5_099, { tell: 'later', atMs: 5_100 }],
    ['it changed by less than step', told, { version: 2, value: 11.9 }, 5_500, { tell: 'later', atMs: 6_000 }],
    ['it did not change', told, { version: 1, value: 10 }, 5_999, { tell: 'later', atMs: 6_000 }],
    ['it did not change, and max is over', told, { version: 1, value: 10 }, 6_000, { tell: 'snapshot' }],
    ['it changed there and back', told, { version: 3, value: 10 }, 5_999, { tell: 'later', atMs: 6_000 }],
  ] as const)('when %s', (_, before, current, nowMs, expected) => {
    expect(nextTelling(grant, before, current, nowMs)).toEqual(expected);
  });

  it('is nothing until the next change when there is no max', () => {
    const next = nextTelling({ leaseMs: 1, minMs: 0, step: 0 }, told, { version: 1, value: 10 }, 9_000);
    expect(next).toEqual({ tell: 'later', atMs: Infinity });
  });
});

describe('a change worth telling', () => {
  it.each([
    [1, 2, 1, true],
    [1, 1.5, 1, false],
    [2, 1, 1, true],
    [1, 1, 0, false],
    [1, 1.1, 0, true],
    [21.3, 21.4, 0.1, true],
    [0.3, 0.2, 0.1, true],
    [21.3, 21.399, 0.1, false],
    [1, 'on', 100, true],
    [true, false, 100, true],
    [{ a: 1, b: 5 }, { a: 1.5, b: 5 }, 1, false],
    [{ a: 1, b: 5 }, { a: 1.5, b: 6 }, 1, true],
    [{ a: 1 }, { a: 1, b: null }, 1, true],
    [{ a: 1, b: null }, { a: 1 }, 1, true],
    [{ a: { b: 1 } }, { a: { b: 1.5 } }, 1, false],
    [[1], [1.5], 1, true],
    [null, { a: 1 }, 1, true],
    [Uint8Array.of(1), Uint8Array.of(1), 1, false],
  ])('from %j to %j with step %s: %s', (from, to, step, expected) => {
    expect(isWorthTelling(from, to, step)).toBe(expected);
  });
});
