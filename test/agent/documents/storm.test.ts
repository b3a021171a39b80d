import { describe, expect, test } from 'vitest';
import { type DocumentRig, openDocuments } from '../../support/document-rig.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const door = 'door: { driver: gpio-in, line: D, storm: { rate: 10, for: 1s, retry: 5s } }';

/** So many changes of the wire at the same moment. */
function shake(rig: DocumentRig, count: number, line = 'D'): void {
  const wire = rig.memoryBoard.wire(line);
  for (let times = 0; times < count; times += 1) wire.pull(wire.level === 1 ? 0 : 1);
}

describe('a storm of edges', () => {
  test('as many edges as the rule allows are all told', async () => {
    await using rig = await openDocuments({ documents: [door] });
    for (let second = 0; second < 5; second += 1) {
      shake(rig, 10);
      await rig.clock.advance(1_000);
    }
    expect(rig.told.filter((text) => text.startsWith('door ! '))).toHaveLength(50);
    expect(rig.report('door')).toMatchObject({ state: 'working' });
  });

  test('one more, and the line is let go of: told as an event and in health', async () => {
    await using rig = await openDocuments({ documents: [door] });
    shake(rig, 11);
    expect(rig.told.at(-1)).toBe('door ! {"disabled":"storm"}');
    expect(rig.report('door')).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('disabled: storm, more than 10 edges in 1000 ms; tried again in 5 s'),
    });
    expect(rig.open('door').probe()).toMatchObject({ ok: false, error: { kind: 'closed' } });
    const toldCount = rig.told.length;
    shake(rig, 1_000);
    expect(rig.told).toHaveLength(toldCount);
    await rig.clock.advance(0);
    expect(rig.memoryBoard.wire('D').holder).toBeUndefined();
  });

  test('a rule that allows less than one edge in its window allows one', async () => {
    const rule = 'storm: { rate: 5, for: 100ms }';
    await using rig = await openDocuments({ documents: [`door: { driver: gpio-in, line: D, ${rule} }`] });
    for (const level of [1, 0] as const) {
      rig.memoryBoard.wire('D').pull(level);
      await rig.clock.advance(60_000);
    }
    expect(rig.told.filter((text) => text.startsWith('door ! '))).toEqual(['door ! true', 'door ! false']);
    shake(rig, 2);
    expect(rig.told.at(-1)).toBe('door ! {"disabled":"storm"}');
  });

  test('a second of 50 000 edges leaves the lines beside it alone', async () => {
    const documents = [
      'loose: { driver: gpio-in, line: D }',
      'flow: { driver: gpio-counter, line: F, edge: both, storm: { rate: 2000 } }',
      'relay: { driver: gpio-out, line: R }',
    ];
    await using rig = await openDocuments({ documents });
    const relay = rig.open('relay');
    for (let ms = 1; ms <= 1_000; ms += 1) {
      shake(rig, 50);
      shake(rig, 1, 'F');
      if (ms % 100 === 0) expect(relay.perform?.({ do: 'set', on: ms % 200 === 0 })).toMatchObject({ ok: true });
      await rig.clock.advance(1);
    }
    await rig.clock.advance(1_000);
    expect(rig.report('loose')).toMatchObject({ state: 'failed', error: expect.stringContaining('disabled: storm') });
    expect(rig.told.filter((text) => text.startsWith('loose')).length).toBeLessThan(2 * 500 + 3);
    expect(rig.told.findLast((text) => text.startsWith('flow'))).toContain('"count":1000');
    expect(['flow', 'relay'].map((name) => rig.report(name)?.state)).toEqual(['working', 'working']);
    expect(rig.memoryBoard.wire('R').edges.map(({ level }) => level)).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1]);
  });

  test('it is tried again by itself, and tells the level it finds then', async () => {
    await using rig = await openDocuments({ documents: [door] });
    shake(rig, 11);
    await rig.clock.advance(4_999);
    expect(rig.report('door')?.state).toBe('failed');
    rig.memoryBoard.wire('D').pull(1);
    await rig.clock.advance(1);
    expect(rig.told.slice(-2)).toEqual(['door true', 'door ! {"disabled":false}']);
    expect(rig.report('door')?.state).toBe('working');
    rig.memoryBoard.wire('D').pull(0);
    expect(rig.told.at(-1)).toBe('door ! false');
  });

  test('while the storm goes on the waits double, and begin anew after a quiet window', async () => {
    await using rig = await openDocuments({ documents: [door] });
    for (const waitMs of [5_000, 10_000, 20_000]) {
      shake(rig, 11);
      await rig.clock.advance(waitMs - 1);
      expect(rig.report('door')?.state).toBe('failed');
      await rig.clock.advance(1);
      expect(rig.report('door')?.state).toBe('working');
    }
    await rig.clock.advance(1_000);
    shake(rig, 11);
    await rig.clock.advance(5_000);
    expect(rig.report('door')?.state).toBe('working');
  });

  test('closing during the wait leaves no timer and no line', async () => {
    const rig = await openDocuments({ documents: [door] });
    shake(rig, 11);
    await rig[Symbol.asyncDispose]();
    expect([rig.clock.timersCount, rig.memoryBoard.wire('D').holder]).toEqual([0, undefined]);
  });

  test('closing while it is being opened again leaves no timer and no line, and tells nothing', async () => {
    const clock = createFakeClock();
    const opening = openDocuments({ documents: [door], clock, weather: { openLatencyMs: 1_000 } });
    await clock.advance(1_000);
    const rig = await opening;
    shake(rig, 11);
    const toldCount = rig.told.length;
    await clock.advance(5_500);
    const closed = rig[Symbol.asyncDispose]();
    await clock.advance(500);
    await closed;
    expect([clock.timersCount, rig.memoryBoard.wire('D').holder]).toEqual([0, undefined]);
    expect(rig.told).toHaveLength(toldCount);
  });

  test('a counter keeps its count over a storm', async () => {
    const document = 'flow: { driver: gpio-counter, line: F, edge: both, storm: { rate: 100 } }';
    await using rig = await openDocuments({ documents: [document] });
    shake(rig, 101, 'F');
    expect(rig.told.at(-1)).toBe('flow ! {"disabled":"storm"}');
    await rig.clock.advance(10_000);
    shake(rig, 5, 'F');
    await rig.clock.advance(1_000);
    expect(rig.told.at(-1)).toContain('"count":105');
  });
});
