import { describe, expect, test } from 'vitest';
import { openDocuments } from '../../support/document-rig.ts';

const relay = (rest = '') => `relay: { driver: gpio-out, line: A${rest} }`;
const levels = (rig: Awaited<ReturnType<typeof openDocuments>>) =>
  rig.memoryBoard.wire('A').edges.map(({ level }) => level);

describe('the shortest time between two changes', () => {
  test('a command too soon waits, and order is kept', async () => {
    await using rig = await openDocuments({ documents: [relay(', min-dwell: 200ms')] });
    await rig.clock.advance(200);
    const results = [rig.command('relay', 'on'), rig.command('relay', 'off'), rig.command('relay', 'on')];
    await rig.clock.advance(199);
    expect(levels(rig)).toEqual([1]);
    await rig.clock.advance(1);
    expect(levels(rig)).toEqual([1, 0]);
    await rig.clock.advance(200);
    expect(levels(rig)).toEqual([1, 0, 1]);
    expect(await Promise.all(results)).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
  });

  test('the level it has already needs no wait', async () => {
    await using rig = await openDocuments({ documents: [relay(', min-dwell: 1s')] });
    expect(await rig.command('relay', 'off')).toEqual({ ok: true });
  });

  test('the level it has already begins no new wait', async () => {
    await using rig = await openDocuments({ documents: [relay(', min-dwell: 200ms')] });
    await rig.clock.advance(200);
    await rig.command('relay', 'on');
    await rig.clock.advance(150);
    await rig.command('relay', 'on');
    await rig.clock.advance(50);
    void rig.command('relay', 'off');
    expect(levels(rig)).toEqual([1, 0]);
  });

  test.for([
    ['', 'off', [1, 0]],
    [', safe: { boot: hold, crash: hold }', 'off', [1, 0]],
    [', safe: { boot: on, crash: on }', 'on', [1, 0, 1]],
  ] as const)(
    'an emergency output%s goes %s at once, and waits before it goes back',
    async ([safe, level, expected]) => {
      await using rig = await openDocuments({ documents: [relay(`, priority: emergency, min-dwell: 10s${safe}`)] });
      await rig.clock.advance(10_000);
      const back = level === 'off' ? 'on' : 'off';
      await rig.command('relay', back); // Its last change is long ago.
      const stop = ends(rig.command('relay', level));
      await rig.clock.advance(0);
      expect([levels(rig), stop.with]).toEqual([expected, { ok: true }]);
      void rig.command('relay', back);
      await rig.clock.advance(9_999);
      expect(levels(rig)).toEqual(expected);
      await rig.clock.advance(1);
      expect(levels(rig)).toEqual([...expected, level === 'off' ? 1 : 0]);
    },
  );

  test('one that another config makes an emergency output stays as it is, and goes off at once', async () => {
    await using rig = await openDocuments({ documents: [relay(', min-dwell: 10s')] });
    await rig.clock.advance(10_000);
    await rig.command('relay', 'on');
    await rig.exchange([relay(', min-dwell: 10s, priority: emergency')]);
    expect(levels(rig)).toEqual([1]);
    const stop = ends(rig.command('relay', 'off'));
    await rig.clock.advance(0);
    expect([levels(rig), stop.with]).toEqual([[1, 0], { ok: true }]);
  });

  test('off takes the place of an on that still waits', async () => {
    await using rig = await openDocuments({ documents: [relay(', min-dwell: 1s')] });
    const on = ends(rig.command('relay', 'on'));
    expect(await rig.command('relay', 'off')).toEqual({ ok: true });
    expect(on.with).toMatchObject({ ok: false, error: { superseded: true } });
    await rig.clock.advance(5_000);
    expect(levels(rig)).toEqual([]);
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
