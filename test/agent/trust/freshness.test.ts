import { expect, test } from 'vitest';
import { judgeFreshness, type Pushed } from '../../../agent/trust/freshness.ts';
import { countOnMax } from '../../../agent/trust/limits.ts';

const standing = { ver: 7, vc: { ops: 5, dev: 2 }, sha256: 'a' };

function pushed(more: Partial<Pushed>, author = 'ops'): Pushed {
  return { kid: 'k', author, sha256: 'a', ...more };
}

test.each([
  ['the next one of its author', { ver: 8, vc: { ops: 6, dev: 2 } }, 'ops'],
  ['one of another author, who knows the newest', { ver: 8, vc: { ops: 5, dev: 3 } }, 'dev'],
  ['one of a new author', { ver: 8, vc: { ops: 5, dev: 2, qa: 1 } }, 'qa'],
  ['a whole value many versions ahead', { ver: 7_000, vc: { ops: 4_000, dev: 2_000 } }, 'ops'],
  ['a whole value as far ahead as may be', { ver: 7 + countOnMax, vc: { ops: 6, dev: 2 } }, 'ops'],
  ['a patch as far ahead as may be', { ver: 1_007, vc: { ops: 6, dev: 2 }, base: 7 }, 'ops'],
] as const)('newer is %s', (_, claims, author) => {
  expect(judgeFreshness(standing, pushed(claims, author))).toEqual({ ok: true, value: 'newer' });
});

test('the same again is the same', () => {
  expect(judgeFreshness(standing, pushed({ ver: 7, vc: { dev: 2, ops: 5 } }))).toEqual({ ok: true, value: 'same' });
  expect(judgeFreshness({ ver: 0, vc: {} }, pushed({ ver: 0, vc: { ops: 0 } }))).toEqual({ ok: true, value: 'same' });
});

test.each([
  ['an older version', { ver: 6, vc: { ops: 4, dev: 2 } }, 'rollback', 'stale-version'],
  ['an older version with a newer vector', { ver: 6, vc: { ops: 6, dev: 2 } }, 'rollback', 'stale-version'],
  ['a newer version with an older vector', { ver: 8, vc: { ops: 4, dev: 2 } }, 'rollback', 'stale-version'],
  ['one that does not know the other author', { ver: 8, vc: { ops: 6 } }, 'rollback', 'stale-version'],
  ['one whose signer did not count on', { ver: 8, vc: { ops: 5, dev: 3 } }, 'rollback', 'stale-version'],
  ['the same version with another vector', { ver: 7, vc: { ops: 6, dev: 2 } }, 'rollback', 'stale-version'],
  [
    'the same version with another value',
    { ver: 7, vc: { ops: 5, dev: 2 }, sha256: 'b' },
    'mix-and-match',
    'stale-version',
  ],
  ['a patch too far ahead', { ver: 1_008, vc: { ops: 6, dev: 2 }, base: 7 }, 'fast-forward', 'version-gap'],
  ['one that uses up the numbers', { ver: 8, vc: { ops: 2 ** 52, dev: 2 } }, 'fast-forward', 'version-gap'],
  ['one that uses up the versions', { ver: 2 ** 52, vc: { ops: 6, dev: 2 } }, 'fast-forward', 'version-gap'],
  ['one without a version', { vc: { ops: 6, dev: 2 } }, 'malformed-token', 'malformed'],
  ['one without a vector', { ver: 8 }, 'malformed-token', 'malformed'],
] as const)('refused is %s', (_, claims, attack, reason) => {
  const refused = judgeFreshness(standing, pushed(claims));
  expect(refused).toMatchObject({ ok: false, error: { attack, reason, kid: 'k' } });
  expect(refused.ok ? '' : refused.error.detail).toContain('version 7 {"ops":5,"dev":2} is in force');
});
