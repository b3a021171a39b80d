import { expect, test } from 'vitest';
import { isWell, spread } from '../../../../agent/cli/config/roll-out.ts';
import { runCanary } from '../../../prove/canary-run.ts';

test('a config that one board in ten cannot run stops at the canaries', { timeout: 60_000 }, async () => {
  const { rolled, faults, counts } = await runCanary({ boards: 20, brokenOneIn: 10, canaryCount: 2, watchMs: 200 });
  expect(faults).toEqual([]);
  expect(counts).toEqual({ boards: 20, asked: 2, failed: 1, onNew: 1, untouched: 18 });
  expect(rolled.halted).toBe('pi-0000, a canary, did not take it');
});

test('canaries that cannot run it end the roll-out: nobody else is asked', { timeout: 60_000 }, async () => {
  const { rolled, faults, counts } = await runCanary({ boards: 12, brokenOneIn: 2, canaryCount: 4, watchMs: 200 });
  expect(faults).toEqual([]);
  expect(rolled.halted).toContain('a canary');
  expect(counts).toMatchObject({ asked: 4, untouched: 8 });
});

test('a config that all of them can run reaches all of them', { timeout: 60_000 }, async () => {
  const { rolled, faults, counts } = await runCanary({ boards: 12, brokenOneIn: 0, canaryCount: 2, watchMs: 200 });
  expect([faults, rolled.halted]).toEqual([[], undefined]);
  expect(counts).toMatchObject({ asked: 12, failed: 0, onNew: 12, untouched: 0 });
});

test('canaries come from all parts of the list', () => {
  expect(spread(['a', 'b', 'c', 'd', 'e', 'f'], 3)).toEqual(['a', 'c', 'e']);
  expect(spread(['a', 'b'], 5)).toEqual(['a', 'b']);
  expect(spread(['a'], 0)).toEqual([]);
});

const online = { status: 'online', boot: '1', config: 'x' };

test.each([
  ['as before', online, online, true],
  ['degraded since', online, { ...online, status: 'degraded' }, false],
  ['degraded already', { ...online, status: 'degraded' }, { ...online, status: 'degraded' }, true],
  ['offline', online, { ...online, status: 'offline' }, false],
  ['started anew', online, { ...online, boot: '2' }, false],
  ['never heard of', online, undefined, false],
] as const)('a node that is %s', (_, before, now, expected) => {
  expect(isWell(before, now)).toBe(expected);
});
