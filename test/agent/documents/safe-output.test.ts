import { describe, expect, test } from 'vitest';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { type DocumentRig, openDocuments } from '../../support/document-rig.ts';
import { openFailing } from './failing-output.ts';

const relay = (safe: string) => `relay: { driver: gpio-out, line: A, safe: { ${safe} } }`;
const levels = (rig: DocumentRig) => rig.memoryBoard.wire('A').edges.map(({ level }) => level);

describe('offline', () => {
  const away = (rest = '') => relay(`offline: { after: 30s, to: off${rest} }`);
  /** It was on, a broker was away for long enough, and its next change must wait. */
  const openAwayFromOn = async () => {
    const safe = 'safe: { offline: { after: 5s, restore: on } }';
    const rig = await openDocuments({ documents: [`relay: { driver: gpio-out, line: A, min-dwell: 1s, ${safe} }`] });
    await rig.clock.advance(1_000);
    await rig.command('relay', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(5_000);
    return rig;
  };

  test('after so long without a broker the output goes to its state, and only a command brings it back', async () => {
    await using rig = await openDocuments({ documents: [away()] });
    await rig.command('relay', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(29_999);
    expect(levels(rig)).toEqual([1]);
    await rig.clock.advance(1);
    expect(levels(rig)).toEqual([1, 0]);
    expect(rig.report('relay')).toMatchObject({ state: 'working', safe: 'went off: offline' });
    rig.board.setOnline(true);
    await rig.clock.advance(60_000);
    expect([levels(rig), rig.report('relay')?.safe]).toEqual([[1, 0], 'went off: offline']);
    await rig.command('relay', 'on');
    expect([levels(rig), rig.report('relay')?.safe]).toEqual([[1, 0, 1], undefined]);
  });

  test.for(['', ', restore: on'])('a broker that comes back in time changes nothing%s', async (rest) => {
    await using rig = await openDocuments({ documents: [away(rest)] });
    await rig.command('relay', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(29_000);
    rig.board.setOnline(true);
    await rig.clock.advance(60_000);
    expect([levels(rig), rig.report('relay')?.safe]).toEqual([[1], undefined]);
  });

  test('with restore it goes back by itself', async () => {
    await using rig = await openDocuments({ documents: [away(', restore: on')] });
    await rig.command('relay', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(30_000);
    rig.board.setOnline(true);
    expect([levels(rig), rig.report('relay')?.safe]).toEqual([[1, 0, 1], undefined]);
  });

  test('what somebody commanded since is not undone by a later restore', async () => {
    await using rig = await openDocuments({ documents: [away(', restore: on')] });
    await rig.command('relay', 'on');
    for (const command of ['off', undefined]) {
      rig.board.setOnline(false);
      await rig.clock.advance(30_000);
      rig.board.setOnline(true);
      if (command !== undefined) await rig.command('relay', command);
    }
    expect(levels(rig)).toEqual([1, 0, 1, 0]);
  });

  test('a command takes the place of a restore that still waits', async () => {
    await using rig = await openAwayFromOn();
    rig.board.setOnline(true);
    await rig.command('relay', 'off');
    await rig.clock.advance(5_000);
    expect(levels(rig)).toEqual([1, 0]);
  });

  test('a pulse that still waits as a broker is there again is neither lost nor made permanent, nor the next command', async () => {
    await using rig = await openAwayFromOn();
    const pulse = rig.command('relay', { 'on-for': '10s' });
    rig.board.setOnline(true);
    await rig.clock.advance(5_000);
    void rig.command('relay', 'on');
    expect(await pulse).toMatchObject({ ok: false, error: { superseded: true } });
    await rig.clock.advance(60_000);
    expect(levels(rig)).toEqual([1, 0, 1]);
  });

  test.for([
    ['took the place of a pulse', '0ms'],
    ['waited for its shortest time', '1s'],
  ])('an on that %s is restored as any other', async ([, dwell]) => {
    const document = away(', restore: on').replace('safe', `min-dwell: ${dwell}, safe`);
    await using rig = await openDocuments({ documents: [document] });
    if (dwell === '0ms') void rig.command('relay', { 'on-for': '10m' });
    void rig.command('relay', 'on');
    await rig.clock.advance(1_000);
    rig.board.setOnline(false);
    await rig.clock.advance(30_000);
    rig.board.setOnline(true);
    await rig.clock.advance(1_000);
    expect(levels(rig)).toEqual([1, 0, 1]);
  });

  test('a restore that still waits as the broker goes away again comes when it is back', async () => {
    const document = away(', restore: on').replace('safe', 'min-dwell: 1m, safe');
    await using rig = await openDocuments({ documents: [document] });
    await rig.clock.advance(60_000);
    await rig.command('relay', 'on');
    for (const awayMs of [30_000, 31_000]) {
      rig.board.setOnline(false);
      await rig.clock.advance(awayMs);
      rig.board.setOnline(true);
    }
    await rig.clock.advance(60_000);
    expect(levels(rig)).toEqual([1, 0, 1]);
  });

  test('restore never brings back a pulse whose end failed before', async () => {
    const rig = await openFailing({ safe: { offline: { afterMs: 1_000, to: false, restore: true } } });
    void rig.document.perform({ do: 'pulse', forMs: 500, once: true });
    rig.document.online?.(false);
    await rig.clock.advance(499);
    rig.fails(2);
    await rig.clock.advance(2_000);
    expect(rig.levels()).toEqual([1, 0]);
    rig.document.online?.(true);
    await rig.clock.advance(60_000);
    expect(rig.levels()).toEqual([1, 0]);
  });

  test('an output that is there already is in no safe state', async () => {
    await using rig = await openDocuments({ documents: [away()] });
    rig.board.setOnline(false);
    await rig.clock.advance(30_000);
    expect(rig.report('relay')?.safe).toBeUndefined();
  });

  test.for([
    ['a pulse', [{ 'on-for': '10m' }], 'off', [1, 0]],
    ['a pulse where the state is on', [{ 'on-for': '10m' }], 'on', [1, 0]],
    ['an on whose off waited already', ['on', 'off'], 'off', [1, 0]],
  ] as const)('restore never makes %s permanent', async ([, commands, to, expected]) => {
    const safe = `safe: { offline: { after: 5s, to: ${to}, restore: on } }`;
    await using rig = await openDocuments({
      documents: [`valve: { driver: gpio-out, line: A, min-dwell: 10s, ${safe} }`],
    });
    await rig.clock.advance(10_000);
    for (const command of commands) void rig.command('valve', command);
    rig.board.setOnline(false);
    await rig.clock.advance(5_000);
    rig.board.setOnline(true);
    await rig.clock.advance(86_400_000);
    expect(levels(rig)).toEqual(expected);
  });

  test.for(['off', 'hold'])(
    'an agent that stops with exit %s never switches on what is off as nobody can be reached',
    async (exit) => {
      const document = relay(`exit: ${exit}, boot: hold, offline: { after: 30s, to: off, restore: on }`);
      const rig = await openDocuments({ documents: [document] });
      await rig.command('relay', 'on');
      rig.board.setOnline(false);
      await rig.clock.advance(30_000);
      await rig[Symbol.asyncDispose]();
      expect(levels(rig)).toEqual([1, 0]);
      expect(rig.clock.timersCount).toBe(0);
    },
  );

  test('a pulse gives way to it', async () => {
    await using rig = await openDocuments({ documents: [away()] });
    rig.board.setOnline(false);
    await rig.clock.advance(20_000);
    const pulse = rig.command('relay', { 'on-for': '1m' });
    await rig.clock.advance(10_000);
    expect(await pulse).toMatchObject({
      ok: false,
      error: { superseded: true, detail: expect.stringContaining('offline') },
    });
    expect(levels(rig)).toEqual([1, 0]);
  });
});

describe('a level found at the start', () => {
  test.for([
    ['high', 1, true],
    ['high', 0, false],
    ['low', 1, false],
    ['low', 0, true],
  ] as const)('active %s and level %i is taken over as %s', async ([active, level, isOn]) => {
    const board = createMemoryBoard();
    board.wire('A').pull(level);
    const document = `relay: { driver: gpio-out, line: A, active: ${active}, safe: { boot: hold, exit: hold } }`;
    const rig = await openDocuments({ documents: [document], board });
    expect(rig.told).toEqual([`relay ${isOn}`]);
    await rig[Symbol.asyncDispose]();
    expect([levels(rig), board.wire('A').level]).toEqual([[], level]);
  });
});

describe('a write that fails', () => {
  test('is tried to be made good with the crash state, and health tells it until a write succeeds', async () => {
    const weather = { failWritesAfterCount: 1 };
    await using rig = await openDocuments({ documents: [relay('crash: off, exit: hold')], weather });
    await rig.command('relay', 'on');
    expect(await rig.command('relay', 'off')).toMatchObject({ ok: false, error: { kind: 'io' } });
    expect(rig.report('relay')).toMatchObject({ state: 'failed', errorCount: 1 });
    expect(levels(rig)).toEqual([1]);
  });

  test('an expired command moves nothing', async () => {
    await using rig = await openDocuments({ documents: [relay('crash: off')] });
    await rig.command('relay', 'on');
    rig.board.enter('relay', 'expired');
    expect(levels(rig)).toEqual([1]);
    rig.board.enter('relay', 'watchdog');
    expect(levels(rig)).toEqual([1, 0]);
  });
});

test.for([
  [false, 'went off: driver-fault'],
  [true, 'went on: driver-fault'],
] as const)('a write that failed and left the output at crash: %s is told as such', async ([crash, why]) => {
  const rig = await openFailing({ safe: { crash } });
  rig.fails(1);
  expect(await rig.document.perform({ do: 'set', on: !crash })).toMatchObject({ ok: false });
  expect(rig.safeStates).toEqual([why]);
  expect(rig.changes).toEqual([false, crash]); // The state is that of the line again.
});
