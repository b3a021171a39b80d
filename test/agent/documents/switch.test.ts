import { describe, expect, test } from 'vitest';
import { planSwitch } from '../../../agent/documents/gpio-out.ts';
import { memoryWriteMsMin } from '../../../agent/limits.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { openDocuments } from '../../support/document-rig.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { openFailing } from './failing-output.ts';

const relay = (rest = '') => `relay: { driver: gpio-out, line: A${rest} }`;
const levels = (rig: Awaited<ReturnType<typeof openDocuments>>, line = 'A') =>
  rig.memoryBoard.wire(line).edges.map(({ level }) => level);

describe('what an output takes', () => {
  test.for<[Value, object]>([
    [true, { do: 'set', on: true }],
    ['ON', { do: 'set', on: true }],
    [1, { do: 'set', on: true }],
    ['off', { do: 'set', on: false }],
    [0, { do: 'set', on: false }],
    ['Toggle', { do: 'toggle', once: true }],
    [{ 'on-for': '500ms' }, { do: 'pulse', forMs: 500, once: true }],
    [{ 'on-for': 1_500 }, { do: 'pulse', forMs: 1_500, once: true }],
  ])('%j', ([value, effect]) => {
    expect(planSwitch(value)).toEqual({ ok: true, value: effect });
  });

  test.for<Value>([2, 'open', null, {}, [], { 'on-for': true }, { 'on-for': '5' }, { 'on-for': '1s', more: 1 }])(
    'not %j',
    (value) => {
      expect(planSwitch(value)).toMatchObject({ ok: false, error: { reason: 'out-of-range' } });
    },
  );

  test.for([
    ['shorter than any', '', 9],
    ['longer than any', '', 86_400_001],
    ['shorter than min-dwell', ', min-dwell: 1s', 999],
    ['longer than max-on', ', max-on: 1s', 1_001],
  ] as const)('not a pulse %s', async ([, rest, forMs]) => {
    await using rig = await openDocuments({ documents: [relay(rest)] });
    const refused = await rig.command('relay', { 'on-for': forMs });
    expect(refused).toMatchObject({ ok: false, error: { reason: 'out-of-range' } });
    expect(levels(rig)).toEqual([]);
  });
});

describe('toggle and pulse', () => {
  test('toggle turns over what is there when its turn comes', async () => {
    await using rig = await openDocuments({ documents: [relay()] });
    for (const expected of [[1], [1, 0], [1, 0, 1]]) {
      expect(await rig.command('relay', 'toggle')).toEqual({ ok: true });
      expect(levels(rig)).toEqual(expected);
    }
  });

  test('a pulse is successful when it is over', async () => {
    await using rig = await openDocuments({ documents: [relay()] });
    const ended = ends(rig.command('relay', { 'on-for': '500ms' }));
    await rig.clock.advance(499);
    expect([levels(rig), ended.with]).toEqual([[1], undefined]);
    await rig.clock.advance(1);
    expect([levels(rig), ended.with]).toEqual([[1, 0], { ok: true }]);
  });

  test.for([
    ['on', [1]],
    ['off', [1, 0]],
    ['toggle', [1, 0]],
  ] as const)('%s during a pulse supersedes it, without a glitch', async ([value, expected]) => {
    await using rig = await openDocuments({ documents: [relay()] });
    const pulse = ends(rig.command('relay', { 'on-for': '500ms' }));
    await rig.clock.advance(100);
    expect(await rig.command('relay', value)).toEqual({ ok: true });
    expect(pulse.with).toMatchObject({ ok: false, error: { superseded: true } });
    await rig.clock.advance(1_000);
    expect(levels(rig)).toEqual(expected);
  });

  test('a pulse during a pulse begins it anew', async () => {
    await using rig = await openDocuments({ documents: [relay()] });
    void rig.command('relay', { 'on-for': '500ms' });
    await rig.clock.advance(400);
    const second = ends(rig.command('relay', { 'on-for': '500ms' }));
    await rig.clock.advance(499);
    expect([levels(rig), second.with]).toEqual([[1], undefined]);
    await rig.clock.advance(1);
    expect([levels(rig), second.with]).toEqual([[1, 0], { ok: true }]);
  });

  test('a pulse ends in time, also when the command that came in between was left out', async () => {
    await using rig = await openDocuments({ documents: [relay()] });
    void rig.command('relay', { 'on-for': '500ms' });
    await rig.clock.advance(100);
    rig.open('relay').makeWay?.({ do: 'set', on: true }); // Announced, and never performed.
    await rig.clock.advance(399);
    expect(levels(rig)).toEqual([1]);
    await rig.clock.advance(1);
    expect(levels(rig)).toEqual([1, 0]);
  });

  test('when the agent stops a pulse is interrupted and the exit state counts', async () => {
    const rig = await openDocuments({ documents: [relay()] });
    const pulse = ends(rig.command('relay', { 'on-for': '500ms' }));
    await rig[Symbol.asyncDispose]();
    await rig.clock.advance(0);
    expect(pulse.with).toMatchObject({ ok: false, error: { reason: 'interrupted' } });
    expect(levels(rig)).toEqual([1, 0]);
    expect(rig.clock.timersCount).toBe(0);
  });
});

describe('max-on', () => {
  const limited = relay(', max-on: 10m, safe: { boot: hold, exit: hold }');

  test('switches off by itself, says so, and another on does not prolong it', async () => {
    await using rig = await openDocuments({ documents: [limited] });
    await rig.command('relay', 'on');
    await rig.clock.advance(599_000);
    await rig.command('relay', 'on');
    await rig.clock.advance(1_000);
    expect(levels(rig)).toEqual([1, 0]);
    expect(rig.told).toEqual(['relay false', 'relay true', 'relay true', 'relay false', 'relay ! {"off":"max-on"}']);
  });

  test('a pulse that is as long ends as a pulse', async () => {
    await using rig = await openDocuments({ documents: [relay(', max-on: 1s')] });
    const pulse = ends(rig.command('relay', { 'on-for': '1s' }));
    await rig.clock.advance(1_000);
    expect([levels(rig), pulse.with]).toEqual([[1, 0], { ok: true }]);
    expect(rig.told).toEqual(['relay false', 'relay true', 'relay false']);
    expect(rig.clock.timersCount).toBe(0);
  });

  test('a pulse for an output that is on already ends with what is left', async () => {
    await using rig = await openDocuments({ documents: [relay(', max-on: 1s')] });
    await rig.command('relay', 'on');
    await rig.clock.advance(500);
    const pulse = ends(rig.command('relay', { 'on-for': '1s' }));
    await rig.clock.advance(500);
    expect([levels(rig), pulse.with]).toMatchObject([[1, 0], { ok: false, error: { superseded: true } }]);
    expect(rig.told.at(-1)).toBe('relay ! {"off":"max-on"}');
  });

  test('what is left survives a restart, and the time between counts', async () => {
    const board = createMemoryBoard();
    const first = await openDocuments({ documents: [limited], board });
    await first.command('relay', 'on');
    await first.clock.advance(240_000);
    await first[Symbol.asyncDispose]();
    const kept = { relay: first.keeps('relay') };
    expect(kept.relay).toMatchObject({ left_ms: 360_000 });
    await first.clock.advance(60_000);
    await using second = await openDocuments({ documents: [limited], board, kept, clock: first.clock });
    await second.clock.advance(299_000);
    expect(levels(second)).toEqual([1]);
    await second.clock.advance(1_000);
    expect(levels(second)).toEqual([1, 0]);
  });

  test('the guard is told of it as it begins and ends, and that none is left of an output of before', async () => {
    const told: (number | undefined)[] = [];
    const guard = { pulsing() {}, limited: (leftMs?: number) => void told.push(leftMs), wentOff() {} };
    const rig = await openFailing({ config: { maxOnMs: 1_000 }, surroundings: { guard } });
    for (const on of [true, true, false]) await rig.document.perform({ do: 'set', on });
    expect(told).toEqual([undefined, 1_000, undefined]);
  });

  test('what is left is written down again and again, for a board whose clock stands still without power', async () => {
    let writesCount = 0;
    const memory = { recall: () => undefined, keep() {}, touch: () => void (writesCount += 1) };
    const rig = await openFailing({ config: { maxOnMs: 6 * memoryWriteMsMin }, surroundings: { memory } });
    await rig.document.perform({ do: 'set', on: true });
    await rig.clock.advance(5 * memoryWriteMsMin);
    expect(writesCount).toBe(6);
    await rig.document.perform({ do: 'set', on: false });
    expect(writesCount).toBe(7); // None is left.
  });

  test('an output whose time went by while nobody ran is off at once', async () => {
    const board = createMemoryBoard();
    board.wire('A').pull(1);
    const clock = createFakeClock();
    const kept = { relay: { left_ms: 1_000, wall_ms: clock.wallMs() - 2_000 } };
    await using rig = await openDocuments({ documents: [limited], board, kept, clock });
    expect(board.wire('A').level).toBe(0);
    expect(rig.told.at(-1)).toBe('relay false');
  });

  test('begins anew for an output that had none in between', async () => {
    const free = relay(', safe: { boot: hold, exit: hold }');
    await using rig = await openDocuments({ documents: [limited] });
    await rig.command('relay', 'on');
    await rig.exchange([free]);
    expect(rig.keeps('relay')).toBeUndefined();
    await rig.command('relay', 'off');
    await rig.clock.advance(3_600_000);
    await rig.command('relay', 'on');
    await rig.exchange([limited]);
    await rig.clock.advance(599_999);
    expect(levels(rig)).toEqual([1, 0, 1]);
    await rig.clock.advance(1);
    expect(levels(rig)).toEqual([1, 0, 1, 0]);
  });

  test.for([null, 7, {}, { left_ms: 'x', wall_ms: 0 }])('with %j kept the whole time is left', async (kept) => {
    const board = createMemoryBoard();
    board.wire('A').pull(1);
    await using rig = await openDocuments({ documents: [limited], board, kept: { relay: kept } });
    await rig.clock.advance(599_999);
    expect(board.wire('A').level).toBe(1);
    await rig.clock.advance(1);
    expect(board.wire('A').level).toBe(0);
  });
});

/** How a command ended, as soon as it did. */
function ends<Value>(promise: Promise<Value>): { with?: Value } {
  const ended: { with?: Value } = {};
  void promise.then((value) => {
    ended.with = value;
  });
  return ended;
}
