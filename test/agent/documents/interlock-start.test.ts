import { describe, expect, test } from 'vitest';
import { Interlocks, unknownMember } from '../../../agent/documents/interlock.ts';
import { createRow } from '../../../agent/documents/row.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { type DocumentRig, openDocuments } from '../../support/document-rig.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { configOf } from '../../support/memory-agent.ts';

const member = (name: string, line: string, rest = '') =>
  `${name}: { driver: gpio-out, line: ${line}, interlock: h, dead-time: 500ms${rest} }`;
const hold = ', safe: { boot: hold }';
const levels = (rig: DocumentRig, line: string) => rig.memoryBoard.wire(line).edges.map(({ level }) => level);

/** The agent starts with the line U on, as the agent before left it. */
async function openUpOn(documents: readonly string[]) {
  const board = createMemoryBoard();
  board.wire('U').pull(1);
  return await openDocuments({ documents, board, isStarting: true });
}

describe('after the start of the agent, when another one may have switched a member off a moment ago', () => {
  const hoist = [member('up', 'U'), member('down', 'D')];

  test.for([
    ['up', 'U'],
    ['down', 'D'],
  ] as const)('a command for %s waits for the dead time', async ([name, line]) => {
    await using rig = await openDocuments({ documents: hoist, isStarting: true });
    const ended = rig.command(name, 'on');
    await rig.clock.advance(499);
    expect(levels(rig, line)).toEqual([]);
    await rig.clock.advance(1);
    expect([await ended, levels(rig, line)]).toEqual([{ ok: true }, [1]]);
  });

  test('the dead time is counted from when all members were opened, however long that took', async () => {
    const clock = createFakeClock();
    const opening = openDocuments({ documents: hoist, clock, weather: { openLatencyMs: 1_000 }, isStarting: true });
    await clock.advance(2_000);
    await using rig = await opening;
    void rig.command('down', 'on');
    await clock.advance(499);
    expect(levels(rig, 'D')).toEqual([]);
    await clock.advance(1);
    expect(levels(rig, 'D')).toEqual([1]);
  });

  test('boot: on comes after the dead time', async () => {
    const documents = [member('up', 'U'), member('brake', 'D', ', safe: { boot: on }')];
    await using rig = await openDocuments({ documents, isStarting: true });
    await rig.clock.advance(499);
    expect(levels(rig, 'D')).toEqual([]);
    await rig.clock.advance(1);
    expect(levels(rig, 'D')).toEqual([1]);
    expect(rig.told.at(-1)).toBe('brake true');
  });

  test('exit: on is left out, as ever while the dead time runs', async () => {
    const documents = [member('up', 'U'), member('brake', 'D', ', safe: { exit: on }')];
    const rig = await openDocuments({ documents, isStarting: true });
    await rig[Symbol.asyncDispose]();
    expect(levels(rig, 'D')).toEqual([]);
  });

  test('off does not wait', async () => {
    await using rig = await openDocuments({ documents: hoist, isStarting: true });
    expect(await rig.command('up', 'off')).toEqual({ ok: true });
  });

  test('a group that comes with another config does not wait', async () => {
    const lamps = ['up: { driver: gpio-out, line: U }', 'down: { driver: gpio-out, line: D }'];
    await using rig = await openDocuments({ documents: lamps, isStarting: true });
    await rig.exchange(hoist);
    expect(await rig.command('down', 'on')).toEqual({ ok: true });
    expect(levels(rig, 'D')).toEqual([1]);
  });
});

describe('a member that is found on at the start and held', () => {
  const hoist = [member('up', 'U', hold), member('down', 'D', hold)];

  test('stays on untouched, and holds the group', async () => {
    await using rig = await openUpOn(hoist);
    expect(await rig.command('down', 'on')).toMatchObject({ ok: false, error: { reason: 'interlocked' } });
    await rig.clock.advance(60_000);
    expect([rig.memoryBoard.wire('U').level, levels(rig, 'U'), levels(rig, 'D')]).toEqual([1, [], []]);
  });

  test.for([
    ['on', [], []],
    [{ 'on-for': '100ms' }, [], [0]],
  ] as const)('is on: it waits for nobody when it is commanded %j', async ([value, before, after]) => {
    await using rig = await openUpOn(hoist);
    const ended = rig.command('up', value);
    await rig.clock.advance(99);
    expect(levels(rig, 'U')).toEqual(before);
    await rig.clock.advance(1);
    expect([await ended, levels(rig, 'U')]).toEqual([{ ok: true }, after]);
  });

  test('is followed by the whole dead time when it goes off, and may itself go on again at once', async () => {
    await using rig = await openUpOn(hoist);
    await rig.clock.advance(400);
    for (const value of ['off', 'on', 'off']) await rig.command('up', value);
    void rig.command('down', 'on');
    await rig.clock.advance(499);
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[0, 1, 0], []]);
    await rig.clock.advance(1);
    expect(levels(rig, 'D')).toEqual([1]);
  });

  test('stays on with boot: on and exit: on as well', async () => {
    const rig = await openUpOn([member('up', 'U', ', safe: { boot: on, exit: on }'), member('down', 'D', hold)]);
    await rig[Symbol.asyncDispose]();
    expect([rig.memoryBoard.wire('U').level, levels(rig, 'U')]).toEqual([1, []]);
  });

  test('goes back on at once when a broker is there again', async () => {
    const restored = ', safe: { boot: hold, offline: { after: 100ms, to: off, restore: on } }';
    await using rig = await openUpOn([member('up', 'U', restored), member('down', 'D', hold)]);
    rig.board.setOnline(false);
    await rig.clock.advance(100);
    expect(levels(rig, 'U')).toEqual([0]);
    rig.board.setOnline(true);
    await rig.clock.advance(0);
    expect(levels(rig, 'U')).toEqual([0, 1]);
  });
});

describe('that its members may have gone off a moment ago', () => {
  const rows = (documents: readonly string[]) =>
    Object.entries(configOf({ documents }, '/tmp').documents).map(([name, config]) => createRow(name, config));

  test.for([
    ['a group', [member('up', 'U'), member('down', 'D')], [unknownMember]],
    ['none', ['relay: { driver: gpio-out, line: A }'], []],
  ] as const)('is told to the guard, where there is %s', ([, documents, expected]) => {
    const told: string[] = [];
    new Interlocks(createFakeClock(), rows(documents), (name) => void told.push(name)).begin();
    expect(told).toEqual(expected);
  });

  test('is so of the group whose device came, and of no other', async () => {
    const clock = createFakeClock();
    const others = ['left', 'right'].map((name) => member(name, name).replace('interlock: h', 'interlock: other'));
    const interlocks = new Interlocks(clock, rows([member('up', 'U'), member('down', 'D'), ...others]));
    interlocks.begin();
    await clock.advance(500);
    interlocks.begin('h');
    const waitsMs = (group: string, name: string) =>
      interlocks.group(group)?.request({ name, line: name, yieldTo: () => true }, 'refuse');
    expect([waitsMs('h', 'up'), waitsMs('other', 'left')]).toEqual([{ waitMs: 500 }, { waitMs: 0 }]);
  });
});
