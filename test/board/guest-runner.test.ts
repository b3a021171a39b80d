import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { catches } from '../contract/faults/catches.ts';
import { expect as guestExpect } from './guest/expect.ts';
import type { GuestResult } from './guest/vitest.ts';
import { bundleGuest } from './host/initrd.ts';
import { createUnbundler } from './host/unbundle.ts';

let results: readonly GuestResult[];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'guest-runner-'));
  const bundle = join(folder, 'compared.cjs');
  await bundleGuest('test/board/guest/compared.ts', bundle);
  const unbundle = createUnbundler(bundle, `${bundle}.map`);
  results = unbundle(execFileSync(process.execPath, [bundle], { encoding: 'utf8' }))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as GuestResult);
  rmSync(folder, { recursive: true });
});

describe('the runner of the guest judges as vitest does', () => {
  const outputFaults = catches.filter(
    ([fault]) => fault.startsWith('digital output') && !/beside|closes|remembers/.test(fault),
  );

  test.for(outputFaults)('%s: caught by "%s"', ([suite, name]) => {
    const result = results.find((candidate) => candidate.suite === suite && candidate.name === name);
    expect(result).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/test\/contract\/digital-output\.suite\.ts:\d+:\d+/),
    });
  });

  test('what is sound passes, and what it cannot see is skipped with the reason', () => {
    const sound = results.filter(({ suite }) => suite.endsWith('contract: sound'));
    expect(sound.filter(({ status }) => status === 'passed').length).toBeGreaterThan(18);
    const others = sound.filter(({ status }) => status !== 'passed');
    const reasons = new Set(others.map(({ status, detail }) => `${status}: ${detail}`));
    expect([...reasons]).toEqual(['skipped: the wire keeps no log', 'skipped: nobody can leave a level on this wire']);
    expect(others).toHaveLength(5);
  });
});

/** Each row holds in vitest, and so it must in the guest; and the opposite fails in both. */
const rows: readonly (readonly [string, (check: typeof expect) => unknown])[] = [
  ['undefined is left out by toEqual', (check) => check({ a: 1, b: undefined }).toEqual({ a: 1 })],
  ['toEqual wants all keys', (check) => check({ a: 1, b: 2 }).not.toEqual({ a: 1 })],
  [
    'toMatchObject leaves out what is more',
    (check) => check({ a: 1, b: { c: 2, d: 3 } }).toMatchObject({ b: { c: 2 } }),
  ],
  ['toMatchObject wants what is named', (check) => check({ a: 1 }).not.toMatchObject({ b: 2 })],
  ['toMatchObject counts elements', (check) => check({ a: [1, 2] }).not.toMatchObject({ a: [1] })],
  ['BigInt is no number', (check) => check([1n]).not.toEqual([1])],
  ['bytes are compared', (check) => check(Buffer.from('a')).not.toEqual(Buffer.from('b'))],
  ['text by part', (check) => check({ a: 'xyz' }).toMatchObject({ a: check.stringContaining('y') })],
  ['text by pattern', (check) => check({ a: 'xyz' }).not.toMatchObject({ a: check.stringMatching(/^y/) })],
  ['any text', (check) => check({ a: 1 }).not.toEqual({ a: check.any(String) })],
  [
    'an error by its properties',
    (check) => check({ e: Object.assign(new Error('x'), { code: 'E' }) }).toMatchObject({ e: { code: 'E' } }),
  ],
  ['NaN is itself', (check) => check(Number.NaN).toBe(Number.NaN)],
  ['an element', (check) => check(['a']).not.toContain('b')],
  ['a length', (check) => check([1, 2]).not.toHaveLength(1)],
  ['more', (check) => check(2n).toBeGreaterThan(1n)],
  ['not less', (check) => check(2).not.toBeLessThan(2)],
];

test.for(rows)('expect means the same in the guest: %s', ([, row]) => {
  row(expect);
  row(guestExpect as unknown as typeof expect);
  expect(() => row(inverted(guestExpect as unknown as typeof expect))).toThrow();
});

/** The same checks with and without `not` exchanged. */
function inverted(check: typeof expect): typeof expect {
  const swapped = (actual: unknown) => {
    const matchers = check(actual);
    return { ...matchers.not, not: matchers };
  };
  return Object.assign(swapped, check);
}
