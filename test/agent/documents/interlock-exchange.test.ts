import { describe, expect, test } from 'vitest';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { openDocuments } from '../../support/document-rig.ts';

const hold = ', safe: { boot: hold, exit: hold }';
const member = (name: string, line: string, rest = hold, group = 'h') =>
  `${name}: { driver: gpio-out, line: ${line}, interlock: ${group}, dead-time: 100ms${rest} }`;

describe('a member that another config closes while it is on', () => {
  const [up, down, mid] = [member('up', 'U'), member('down', 'D'), member('mid', 'M')];

  async function openUpOn(documents: readonly string[] = [up, down, mid]) {
    const rig = await openDocuments({ documents, board: createMemoryBoard({ lines: ['U', 'D', 'M', 'V', 'L'] }) });
    await rig.command('up', 'on');
    return rig;
  }

  test.for<[string, readonly string[]]>([
    ['on another line', [member('up', 'V'), down, mid]],
    ['with a line that is not there', [member('up', 'X'), down, mid]],
    ['in another group', [member('up', 'V', hold, 'g'), member('mid', 'M', hold, 'g'), down, member('low', 'L')]],
    ['not at all', [down, mid]],
    ['as an output without a group', ['up: { driver: gpio-out, line: V }', down, mid]],
  ])('never locks its group: it comes back %s', async ([, documents]) => {
    await using rig = await openUpOn();
    await rig.exchange(documents);
    const ended = rig.command('down', 'on');
    await rig.clock.advance(99);
    expect(rig.memoryBoard.wire('D').level).toBe(0);
    await rig.clock.advance(1);
    expect(await ended).toMatchObject({ ok: true });
    expect(rig.memoryBoard.wire('D').level).toBe(1);
  });

  test('is an ordinary member afterwards', async () => {
    await using rig = await openUpOn();
    await rig.exchange([member('up', 'V'), down, mid]);
    await rig.clock.advance(100);
    expect(await rig.command('up', 'on')).toMatchObject({ ok: true });
    expect(await rig.command('down', 'on')).toMatchObject({ ok: false, error: { reason: 'interlocked' } });
    expect(await rig.command('up', 'off')).toMatchObject({ ok: true });
    const ended = rig.command('down', 'on');
    await rig.clock.advance(100);
    expect(await ended).toMatchObject({ ok: true });
  });

  test.for(['refuse', 'switch'])(
    'never is on beside another one that wants to go on meanwhile; policy %s',
    async (policy) => {
      const rest = `, interlock-policy: ${policy}, min-dwell: 10s${hold}`;
      const others = [member('down', 'D', `, interlock-policy: ${policy}${hold}`), mid];
      await using rig = await openDocuments({ documents: [member('up', 'U', rest), ...others] });
      await rig.clock.advance(10_000);
      await rig.command('up', 'on');
      const off = rig.command('up', 'off'); // Waits; so the output cannot be handed over, and is opened again.
      const changed = rig.exchange([member('up', 'U', `, max-on: 1h${rest}`), ...others]);
      expect(await rig.command('down', 'on')).toMatchObject({ ok: false, error: { reason: 'interlocked' } });
      await changed;
      expect(await off).toMatchObject({ ok: false, error: { reason: 'interrupted' } });
      expect(rig.memoryBoard.wire('U').edges).toMatchObject([{ level: 1 }]);
      expect(rig.memoryBoard.wire('D').edges).toEqual([]);
      expect(rig.report('up')).toMatchObject({ state: 'working', errorCount: 0 }); // Nobody wrote to the closed line.
    },
  );
});

test('members that exchange their lines keep the dead time of the lines', async () => {
  await using rig = await openDocuments({ documents: [member('up', 'U', ''), member('down', 'D', '')] });
  await rig.command('up', 'on');
  await rig.exchange([member('up', 'D', ''), member('down', 'U', '')]); // The hoist went the wrong way.
  expect(rig.memoryBoard.wire('U').level).toBe(0);
  void rig.command('up', 'on');
  await rig.clock.advance(99);
  expect(rig.memoryBoard.wire('D').level).toBe(0);
  await rig.clock.advance(1);
  expect(rig.memoryBoard.wire('D').level).toBe(1);
});

test('a member that is on holds its group under another config as well', async () => {
  const hoist = [member('up', 'U'), member('down', 'D')];
  await using rig = await openDocuments({ documents: hoist });
  await rig.command('up', 'on');
  await rig.exchange([...hoist, 'lamp: { driver: gpio-out, line: L }']);
  await rig.clock.advance(1_000);
  expect(await rig.command('down', 'on')).toMatchObject({ ok: false, error: { reason: 'interlocked' } });
});

test.for([200, 50])('a dead time that is changed to %i ms counts from then on', async (ms) => {
  const retimed = (name: string, line: string) => member(name, line).replace('100ms', `${ms}ms`);
  await using rig = await openDocuments({ documents: [member('up', 'U'), member('down', 'D')] });
  await rig.command('up', 'on');
  await rig.exchange([retimed('up', 'U'), retimed('down', 'D')]);
  await rig.command('up', 'off');
  void rig.command('down', 'on');
  await rig.clock.advance(ms - 1);
  expect(rig.memoryBoard.wire('D').level).toBe(0);
  await rig.clock.advance(1);
  expect(rig.memoryBoard.wire('D').level).toBe(1);
});

describe('a group that gets another name', () => {
  const other = (name: string, line: string) => member(name, line, hold, 'g');
  const lamp = 'lamp: { driver: gpio-out, line: L }'; // What is opened takes its time, and commands come meanwhile.

  test.for(['first', 'last'])('never has two on; the one that is on is written %s', async (place) => {
    const order = <Item>(items: readonly Item[]) => (place === 'first' ? items : items.toReversed());
    await using rig = await openDocuments({ documents: order([member('up', 'U'), member('down', 'D')]) });
    await rig.command('up', 'on');
    const changed = rig.exchange(order([other('up', 'U'), lamp, other('down', 'D')]));
    for (let turn = 0; turn < 50; turn += 1) {
      const down = rig.board.document('down');
      if (down.ok) void down.value.perform({ do: 'set', on: true });
      await Promise.resolve();
    }
    await changed;
    expect([rig.memoryBoard.wire('U').edges, rig.memoryBoard.wire('D').edges]).toMatchObject([[{ level: 1 }], []]);
  });

  test('goes on with its dead time', async () => {
    await using rig = await openDocuments({ documents: [member('up', 'U'), member('down', 'D')] });
    await rig.command('up', 'on');
    await rig.command('up', 'off');
    await rig.exchange([other('up', 'U'), other('down', 'D')]);
    void rig.command('down', 'on');
    await rig.clock.advance(99);
    expect(rig.memoryBoard.wire('D').level).toBe(0);
    await rig.clock.advance(1);
    expect(rig.memoryBoard.wire('D').level).toBe(1);
  });

  test('goes on with the dead time that began with the agent', async () => {
    await using rig = await openDocuments({ documents: [member('up', 'U'), member('down', 'D')], isStarting: true });
    await rig.clock.advance(50);
    await rig.exchange([other('up', 'U'), other('down', 'D')]);
    void rig.command('down', 'on');
    await rig.clock.advance(49);
    expect(rig.memoryBoard.wire('D').level).toBe(0);
    await rig.clock.advance(1);
    expect(rig.memoryBoard.wire('D').level).toBe(1);
  });
});

test('a member that another config finds on, and that goes off there, is followed by the dead time', async () => {
  const board = createMemoryBoard();
  board.wire('V').pull(1);
  await using rig = await openDocuments({ documents: [member('up', 'U', ''), member('down', 'D', '')], board });
  await rig.exchange([member('up', 'V', ''), member('down', 'D', '')]);
  expect(board.wire('V').level).toBe(0);
  void rig.command('down', 'on');
  await rig.clock.advance(99);
  expect(board.wire('D').level).toBe(0);
  await rig.clock.advance(1);
  expect(board.wire('D').level).toBe(1);
});
