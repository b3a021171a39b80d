import { describe, expect, test } from 'vitest';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { type DocumentRig, openDocuments } from '../../support/document-rig.ts';

const relay = (safe: string) => `relay: { driver: gpio-out, line: A, safe: { ${safe} } }`;
const levels = (rig: DocumentRig, line = 'A') => rig.memoryBoard.wire(line).edges.map(({ level }) => level);

describe('offline', () => {
  const away = (rest = '') => relay(`offline: { after: 30s, to: off${rest} }`);

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

  test('a broker that comes back in time changes nothing', async () => {
    await using rig = await openDocuments({ documents: [away()] });
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
    const document =
      'relay: { driver: gpio-out, line: A, min-dwell: 1s, safe: { offline: { after: 5s, restore: on } } }';
    await using rig = await openDocuments({ documents: [document] });
    await rig.clock.advance(1_000);
    await rig.command('relay', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(5_000);
    rig.board.setOnline(true);
    await rig.command('relay', 'off');
    await rig.clock.advance(5_000);
    expect(levels(rig)).toEqual([1, 0]);
  });

  test('an output that is there already is in no safe state', async () => {
    await using rig = await openDocuments({ documents: [away()] });
    rig.board.setOnline(false);
    await rig.clock.advance(30_000);
    expect(rig.report('relay')?.safe).toBeUndefined();
  });

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

describe('an interlock group', () => {
  const hoist = (policy: string, safe = '') => [
    `up: { driver: gpio-out, line: U, interlock: h, dead-time: 500ms, interlock-policy: ${policy}${safe} }`,
    `down: { driver: gpio-out, line: D, interlock: h, dead-time: 100ms, interlock-policy: ${policy}${safe} }`,
  ];

  test('on while another member is on is refused as interlocked, and moves nothing', async () => {
    await using rig = await openDocuments({ documents: hoist('refuse') });
    await rig.command('up', 'on');
    const refused = await rig.command('down', 'on');
    expect(refused).toMatchObject({
      ok: false,
      error: { reason: 'interlocked', detail: expect.stringContaining('up') },
    });
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1], []]);
  });

  test('after the other one went off the dead time is kept, the longest of the group', async () => {
    await using rig = await openDocuments({ documents: hoist('refuse') });
    await rig.command('up', 'on');
    await rig.command('up', 'off');
    const down = rig.command('down', 'on');
    await rig.clock.advance(499);
    expect(levels(rig, 'D')).toEqual([]);
    await rig.clock.advance(1);
    expect(levels(rig, 'D')).toEqual([1]);
    expect(await down).toEqual({ ok: true });
  });

  test('off for a member that was off begins no dead time', async () => {
    await using rig = await openDocuments({ documents: hoist('refuse') });
    await rig.command('down', 'off');
    expect(await rig.command('up', 'on')).toEqual({ ok: true });
    expect(levels(rig, 'U')).toEqual([1]);
  });

  test('a member whose wait a safe state ended does not keep the group', async () => {
    await using rig = await openDocuments({ documents: hoist('refuse') });
    await rig.command('up', 'on');
    await rig.command('up', 'off');
    const down = rig.command('down', 'on');
    rig.board.enter('down', 'watchdog');
    expect(await down).toMatchObject({ ok: false, error: { superseded: true } });
    expect(await rig.command('up', 'on')).toEqual({ ok: true });
  });

  test('the same member may go on again at once', async () => {
    await using rig = await openDocuments({ documents: hoist('refuse') });
    for (const value of ['on', 'off', 'on']) await rig.command('up', value);
    expect(levels(rig, 'U')).toEqual([1, 0, 1]);
  });

  test('with switch the other one goes off first, and the dead time is kept', async () => {
    await using rig = await openDocuments({ documents: hoist('switch') });
    await rig.command('up', 'on');
    const down = rig.command('down', 'on');
    await rig.clock.advance(499);
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1, 0], []]);
    await rig.clock.advance(1);
    expect([await down, levels(rig, 'D')]).toEqual([{ ok: true }, [1]]);
  });

  test('with switch a pulse of the other one is superseded, and a member that waits as well', async () => {
    await using rig = await openDocuments({ documents: hoist('switch') });
    const pulse = rig.command('up', { 'on-for': '10s' });
    const down = rig.command('down', 'on');
    const up = rig.command('up', 'on');
    await rig.clock.advance(500);
    expect(await pulse).toMatchObject({ error: { superseded: true } });
    expect(await down).toMatchObject({ error: { superseded: true } });
    expect(await up).toEqual({ ok: true });
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1, 0, 1], []]);
  });

  test('both found on at the start: the second goes off', async () => {
    const board = createMemoryBoard();
    for (const line of ['U', 'D']) board.wire(line).pull(1);
    await using _rig = await openDocuments({ documents: hoist('refuse', ', safe: { boot: hold }'), board });
    expect([board.wire('U').level, board.wire('D').level]).toEqual([1, 0]);
  });

  test('at no moment of a thousand random commands are two on', async () => {
    await using rig = await openDocuments({ documents: hoist('switch') });
    const values = ['on', 'off', 'toggle', { 'on-for': 50 }] as const;
    for (let step = 0; step < 1_000; step += 1) {
      void rig.command((step * 7) % 3 === 0 ? 'up' : 'down', values[(step * 31) % 4] ?? 'off');
      await rig.clock.advance((step * 13) % 90);
    }
    const spans = [...edgesOf(rig, 'U'), ...edgesOf(rig, 'D')].toSorted((a, b) => Number(a.atNs - b.atNs));
    expect(spans.length).toBeGreaterThan(20);
    const on = new Set<string>();
    for (const { line, level } of spans) {
      if (level === 1) on.add(line);
      else on.delete(line);
      expect(on.size).toBeLessThan(2);
    }
  });
});

function edgesOf(rig: DocumentRig, line: string) {
  return rig.memoryBoard.wire(line).edges.map((edge) => ({ ...edge, line }));
}
