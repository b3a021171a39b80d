import { describe, expect, test } from 'vitest';
import { InterlockGroup } from '../../../agent/documents/interlock.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { type DocumentRig, openDocuments } from '../../support/document-rig.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { openFailing } from './failing-output.ts';

const levels = (rig: DocumentRig, line: string) => rig.memoryBoard.wire(line).edges.map(({ level }) => level);

describe('a safe state that is on', () => {
  const on = (line: string, rest: string) =>
    `{ driver: gpio-out, line: ${line}, interlock: h, dead-time: 500ms${rest} }`;
  const hoist = [
    `up: ${on('U', ', safe: { offline: { after: 1s, to: off } }')}`,
    `brake: ${on('D', ', safe: { offline: { after: 1s, to: on } }')}`,
  ];

  test.for([
    ['first', hoist],
    ['last', hoist.toReversed()],
  ] as const)('waits for the others, and for the dead time; up is written %s', async ([, documents]) => {
    const timed = createTimedBoard();
    await using rig = await openDocuments({ documents, ...timed });
    await rig.command('up', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(10_000);
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1, 0], [1]]);
    expectApart(rig, 500);
    expect(rig.report('brake')?.safe).toBe('went on: offline');
  });

  test('is given up after a minute, says so, and never comes when nobody expects it any more', async () => {
    await using rig = await openDocuments({ documents: [`up: ${on('U', '')}`, hoist[1] ?? ''] });
    await rig.command('up', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(61_000);
    expect(rig.report('brake')?.safe).toMatch(/^did not go on: offline, up of the interlock group h is on/);
    expect(rig.clock.timersCount).toBe(0);
    await rig.command('up', 'off');
    await rig.clock.advance(3_600_000);
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1, 0], []]);
    expect(await rig.command('brake', 'on')).toMatchObject({ ok: true });
    expect(rig.report('brake')?.safe).toBeUndefined();
  });

  test('is given up as well when no write succeeds', async () => {
    const rig = await openFailing({ safe: { offline: { afterMs: 1_000, to: true, restore: false } } });
    rig.document.online?.(false);
    rig.fails(Number.POSITIVE_INFINITY);
    await rig.clock.advance(3_600_000);
    expect([rig.writesCount(), rig.clock.timersCount]).toEqual([61, 0]);
    expect(rig.safeStates).toEqual(['did not go on: offline, EREMOTEIO']);
  });

  test('is never entered once a broker is there again', async () => {
    const stays = `up: ${on('U', '')}`;
    await using rig = await openDocuments({ documents: [stays, hoist[1] ?? ''] });
    await rig.command('up', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(60_000);
    expect(levels(rig, 'D')).toEqual([]);
    rig.board.setOnline(true);
    void rig.command('up', 'off');
    await rig.clock.advance(60_000);
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1, 0], []]);
  });

  test('never makes another member give way, nor does what is restored', async () => {
    const restored = `up: ${on('U', ', interlock-policy: switch, safe: { offline: { after: 1s, to: off, restore: on } }')}`;
    const down = `down: ${on('D', ', interlock-policy: switch')}`;
    await using rig = await openDocuments({ documents: [restored, down] });
    await rig.command('up', 'on');
    rig.board.setOnline(false);
    await rig.clock.advance(2_000);
    await rig.command('down', 'on'); // By a binding, say.
    rig.board.setOnline(true);
    await rig.clock.advance(60_000);
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1, 0], [1]]);
    await rig.command('down', 'off');
    for (const isOnline of [false, true]) rig.board.setOnline(isOnline); // A moment without a broker, much later.
    await rig.clock.advance(60_000);
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  test('is not driven at the exit while another member is on', async () => {
    const documents = [`up: ${on('U', ', safe: { exit: hold }')}`, `brake: ${on('D', ', safe: { exit: on }')}`];
    const rig = await openDocuments({ documents });
    await rig.command('up', 'on');
    await rig[Symbol.asyncDispose]();
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1], []]);
  });
});

describe('boot: on in a group', () => {
  const member = (line: string, boot: string, rest = '') =>
    `{ driver: gpio-out, line: ${line}, interlock: h, safe: { boot: ${boot}${rest} } }`;

  test('goes on where no other member is', async () => {
    await using rig = await openDocuments({ documents: [`up: ${member('U', 'off')}`, `brake: ${member('D', 'on')}`] });
    expect(levels(rig, 'D')).toEqual([1]);
  });

  test('what is found on stays on without a click', async () => {
    const board = createMemoryBoard();
    board.wire('D').pull(1);
    await using rig = await openDocuments({
      documents: [`up: ${member('U', 'off')}`, `brake: ${member('D', 'on')}`],
      board,
    });
    expect([levels(rig, 'D'), board.wire('D').level]).toEqual([[], 1]);
  });

  test('never goes on beside a member that is found on, not even one that is opened later', async () => {
    const board = createMemoryBoard();
    board.wire('U').pull(1);
    await using rig = await openDocuments({
      documents: [`brake: ${member('D', 'on')}`, `up: ${member('U', 'hold')}`],
      board,
    });
    expect([levels(rig, 'U'), levels(rig, 'D'), board.wire('U').level]).toEqual([[], [], 1]);
  });

  test('never goes on beside a member that is on as it comes with another config', async () => {
    const before = [`up: ${member('U', 'off')}`, `mid: ${member('M', 'off')}`];
    await using rig = await openDocuments({ documents: before });
    await rig.command('up', 'on');
    await rig.exchange([...before, `down: ${member('D', 'on')}`]);
    await rig.clock.advance(60_000);
    await rig.command('up', 'off');
    await rig.clock.advance(60_000); // Nor hours later, when nobody thinks of it any more.
    expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1, 0], []]);
  });

  test('keeps the dead time after a member that went off before', async () => {
    const timed = createTimedBoard();
    const before = [`up: ${member('U', 'off')}`, `mid: ${member('M', 'off')}`];
    await using rig = await openDocuments({ documents: before, ...timed });
    await rig.command('up', 'on');
    await rig.command('up', 'off');
    await rig.exchange([...before, `down: ${member('D', 'on')}`]);
    expect(levels(rig, 'D')).toEqual([]);
    await rig.clock.advance(1_000);
    expect(levels(rig, 'D')).toEqual([1]);
    expectApart(rig, 100);
  });
});

describe('a member that the agent before left on', () => {
  const member = (line: string, boot: string) =>
    `{ driver: gpio-out, line: ${line}, interlock: h, dead-time: 500ms, safe: { boot: ${boot}, exit: hold } }`;

  test.for(['off', 'on'])(
    'goes off at the start, and the dead time is kept; the other one has boot: %s',
    async (boot) => {
      const timed = createTimedBoard();
      const before = await openDocuments({
        documents: [`up: ${member('U', 'hold')}`, `mid: ${member('M', 'off')}`],
        ...timed,
      });
      await before.command('up', 'on');
      await before[Symbol.asyncDispose]();
      await timed.clock.advance(60_000);
      await using rig = await openDocuments({
        documents: [`up: ${member('U', 'off')}`, `down: ${member('D', boot)}`],
        isStarting: true,
        ...timed,
      });
      if (boot === 'off') void rig.command('down', 'on');
      await rig.clock.advance(1_000);
      expect([levels(rig, 'U'), levels(rig, 'D')]).toEqual([[1, 0], [1]]);
      expectApart(rig, 500);
    },
  );
});

describe('crash: on in a group', () => {
  const config = { interlock: { group: 'h', policy: 'refuse', deadTimeMs: 500 } } as const;
  const other = { name: 'other', line: 'O', yieldTo: () => true };

  test.for([
    ['is on', false],
    ['went off a moment ago', true],
  ] as const)('never switches on after a write that failed while another member %s', async ([, isReleased]) => {
    const clock = createFakeClock();
    const interlock = new InterlockGroup(clock, 500);
    const rig = await openFailing({ config, safe: { crash: true }, surroundings: { clock, interlock } });
    interlock.request(other, 'refuse');
    if (isReleased) interlock.release(other, true);
    rig.fails(1);
    expect(await rig.document.perform({ do: 'set', on: false })).toMatchObject({ ok: false });
    expect(rig.levels()).toEqual([]);
  });
});

test('a member whose level nobody knows never gives way before it is off for certain', async () => {
  const clock = createFakeClock();
  const interlock = new InterlockGroup(clock, 0);
  const rig = await openFailing({ surroundings: { clock, interlock } });
  rig.fails(2);
  expect(await rig.document.perform({ do: 'set', on: true })).toMatchObject({ ok: false }); // It may be on all the same.
  const other = { name: 'other', line: 'O', yieldTo: () => true };
  expect(interlock.request(other, 'switch')).toEqual({ heldBy: 'document' });
  await clock.advance(1_000);
  expect(interlock.request(other, 'switch')).toEqual({ waitMs: 0 });
});

/** A board in memory whose edges have the time of the clock that the test moves. */
function createTimedBoard() {
  const clock = createFakeClock();
  return { clock, board: createMemoryBoard({ nowNs: () => BigInt(clock.monotonicMs()) * 1_000_000n }) };
}

/** At no moment are two on, and from one off to the next one on all are off for so long. */
function expectApart(rig: DocumentRig, deadTimeMs: number) {
  const edgesOf = (line: string) => rig.memoryBoard.wire(line).edges.map((edge) => ({ ...edge, line }));
  const edges = [...edgesOf('U'), ...edgesOf('D')].toSorted((a, b) => Number(a.atNs - b.atNs));
  const on = new Set<string>();
  let last: { line: string; atMs: number } | undefined;
  for (const { line, level, atNs } of edges) {
    const atMs = Number(atNs / 1_000_000n);
    if (level === 1) {
      expect([...on]).toEqual([]);
      if (last !== undefined && last.line !== line) expect(atMs - last.atMs).toBeGreaterThanOrEqual(deadTimeMs);
      on.add(line);
    } else {
      on.delete(line);
      last = { line, atMs };
    }
  }
}
