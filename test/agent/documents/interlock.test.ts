import { describe, expect, test } from 'vitest';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { type DocumentRig, openDocuments } from '../../support/document-rig.ts';

const levels = (rig: DocumentRig, line: string) => rig.memoryBoard.wire(line).edges.map(({ level }) => level);

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
