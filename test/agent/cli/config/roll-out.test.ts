import { expect, test } from 'vitest';
import { Fleet } from '../../../../agent/cli/config/fleet.ts';
import { isWell, rollOut, spread } from '../../../../agent/cli/config/roll-out.ts';
import { runCanary } from '../../../prove/canary-run.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

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

const online = { status: 'online', boot: '1', config: 'x', isLate: false };
const mute = async () => [];

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

test('it says how far it is, and asks no node as a canary that is away', async () => {
  const clock = createFakeClock();
  const fleet = new Fleet(clock, 'qn/1');
  const health = (status: string) => Buffer.from(JSON.stringify({ t: 'health', val: { status, boot: '1' } }));
  for (const node of ['a', 'b', 'c', 'd'])
    fleet.hear(`qn/1/${node}/health/agent`, health(node === 'a' ? 'offline' : 'online'));
  const said: string[] = [];
  const asked: string[] = [];
  const rolling = rollOut(
    {
      ...{ clock, fleet, mute, ended() {}, doing: (what: string) => void said.push(what) },
      async push(node) {
        asked.push(node);
        return { node, status: node === 'a' ? 'kept' : 'successful' };
      },
    },
    ['a', 'b', 'c', 'd'],
    { canaryCount: 1, watchMs: 1_000, parallelCount: 16 },
    new AbortController().signal,
  );
  await clock.advance(1_001);
  expect(await rolling).toMatchObject({ untouched: [] });
  expect(asked).toEqual(['b', 'a', 'c', 'd']);
  expect(said).toEqual([
    'pushing to 1 canaries, 0 are through',
    'pushing to 1 canaries, 1 are through',
    'watching 1 canaries',
    ...[0, 1, 2, 3].map((through) => `pushing to 3 nodes, ${through} are through`),
  ]);
});

test.each([
  ['is degraded', { status: 'degraded', boot: '1' }, 'a, a canary, is degraded'],
  ['has started anew', { status: 'online', boot: '2' }, 'a, a canary, started anew'],
])('a canary that %s while it is watched halts the roll-out', async (_, val, halted) => {
  const clock = createFakeClock();
  const fleet = new Fleet(clock, 'qn/1');
  const hear = (node: string, told: object) =>
    fleet.hear(`qn/1/${node}/health/agent`, Buffer.from(JSON.stringify({ t: 'health', val: told })));
  for (const node of ['a', 'b']) hear(node, { status: 'online', boot: '1' });
  const push = async (node: string) => ({ node, status: 'successful' });
  const rolling = rollOut(
    { clock, fleet, push, mute, ended() {}, doing() {} },
    ['a', 'b'],
    { canaryCount: 1, watchMs: 60_000, parallelCount: 16 },
    new AbortController().signal,
  );
  await clock.advance(30_000);
  hear('a', val);
  await clock.advance(10_000);
  expect(await rolling).toMatchObject({ halted, ends: [{ node: 'a' }], untouched: ['b'] });
});

test('a canary that says nothing when asked after the watch halts the roll-out: no last will has come yet', async () => {
  const clock = createFakeClock();
  const fleet = new Fleet(clock, 'qn/1');
  for (const node of ['a', 'b', 'c', 'd'])
    fleet.hear(`qn/1/${node}/health/agent`, Buffer.from('{"t":"health","val":{"status":"online","boot":"1"}}'));
  const push = async (node: string) => ({ node, status: 'successful' });
  const asked: (readonly string[])[] = [];
  const mute = async (nodes: readonly string[]) => {
    asked.push(nodes);
    return nodes.slice(1);
  };
  const rolling = rollOut(
    { clock, fleet, push, mute, ended() {}, doing() {} },
    ['a', 'b', 'c', 'd'],
    { canaryCount: 2, watchMs: 1_000, parallelCount: 16 },
    new AbortController().signal,
  );
  await clock.advance(1_001);
  const halted = 'c, a canary, does not answer any more';
  expect(await rolling).toMatchObject({ halted, ends: [{ node: 'a' }, { node: 'c' }], untouched: ['b', 'd'] });
  expect(asked).toEqual([['a', 'c']]);
});

test.each([
  { first: 'unasked', rolled: { untouched: [] }, count: 40 },
  { first: 'unanswered', rolled: { halted: 'n00 did not say what became of it' }, count: 16 },
  { first: 'failed', rolled: { halted: 'n00 did not take it' }, count: 16 },
  { first: 'failed', rolled: { halted: 'n00 did not take it' }, count: 3, parallelCount: 3 },
])('after a node that ends $first there are $count asked', async ({ first, rolled, count, parallelCount = 16 }) => {
  const clock = createFakeClock();
  const nodes = Array.from({ length: 40 }, (_, index) => `n${String(index).padStart(2, '0')}`);
  const asked: string[] = [];
  const push = async (node: string) => {
    asked.push(node);
    return { node, status: node === 'n00' ? first : 'successful' };
  };
  const parts = { clock, fleet: new Fleet(clock, 'qn/1'), push, mute, ended() {}, doing() {} };
  const end = await rollOut(
    parts,
    nodes,
    { canaryCount: 0, watchMs: 1_000, parallelCount },
    new AbortController().signal,
  );
  expect(end).toMatchObject(rolled);
  expect([asked.length, 'halted' in end]).toEqual([count, 'halted' in rolled]);
});

test('a roll-out with canaries of a fleet that is away altogether asks nobody', async () => {
  const clock = createFakeClock();
  const fleet = new Fleet(clock, 'qn/1');
  for (const node of ['a', 'b'])
    fleet.hear(`qn/1/${node}/health/agent`, Buffer.from('{"t":"health","val":{"status":"offline","boot":"1"}}'));
  const asked: string[] = [];
  const push = async (node: string) => {
    asked.push(node);
    return { node, status: 'kept' };
  };
  const parts = { clock, fleet, push, mute, ended() {}, doing() {} };
  const roll = (canaryCount: number) =>
    rollOut(parts, ['a', 'b'], { canaryCount, watchMs: 1_000, parallelCount: 16 }, new AbortController().signal);
  expect(await roll(1)).toMatchObject({ ends: [], untouched: ['a', 'b'], halted: expect.stringContaining('--canary') });
  expect(asked).toEqual([]);
  expect(await roll(0)).toMatchObject({ ends: { length: 2 }, untouched: [] });
});
