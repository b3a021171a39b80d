import { describe, expect, it, onTestFinished } from 'vitest';
import { composeStore } from '../../../agent/store/compose.ts';
import type { OpenRequest } from '../../../agent/store/disk.ts';
import { MemoryDisk } from '../../../agent/store/memory-disk.ts';
import { openMemoryStore } from '../../../agent/store/memory-store.ts';
import { Platter } from '../../../agent/store/platter.ts';
import { command, message, textsOf } from '../../contract/store.stage.ts';
import { storeSuite } from '../../contract/store.suite.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { openMemoryRig, stored } from '../../support/store-rigs.ts';

storeSuite('memory', openMemoryRig);

function openTestRig() {
  const rig = openMemoryRig();
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

describe('the weather of the memory store', () => {
  it.each(['full', 'read-only', 'io'] as const)('%s fails calls, is told once, and passes', async (kind) => {
    const rig = openTestRig();
    const store = await rig.open();
    stored(await store.outbox.put(message('before')));
    rig.platter.trouble = kind;
    for (const text of ['lost', 'lost too']) {
      expect(await store.outbox.put(message(text))).toMatchObject({ ok: false, error: { kind } });
    }
    expect(store.state).toBe(kind);
    await rig.clock.advance(10_000);
    expect(rig.told.map((trouble) => trouble.kind)).toEqual([kind]);
    rig.platter.trouble = undefined;
    await rig.clock.advance(60_000);
    expect(rig.told.map((trouble) => trouble.kind)).toEqual([kind, 'working']);
    stored(await store.outbox.put(message('after')));
    expect(await textsOf(store)).toEqual(['before', 'after']);
    expect(store.metrics()).toMatchObject({ recoveries: 1, state: 'working' });
  });

  it('corrupt loses the messages and keeps the outcomes', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    stored(await store.outbox.put(message('lost')));
    stored(await store.journal.begin(command(1)));
    rig.platter.trouble = 'corrupt';
    expect(await store.values.set('a', 'b')).toMatchObject({ ok: false, error: { kind: 'corrupt' } });
    await rig.clock.advance(0);
    expect(rig.told.map(({ kind }) => kind)).toEqual(['corrupt', 'corrupt', 'working']);
    expect(await textsOf(store)).toEqual([]);
    await rig.crash();
    expect(await (await rig.open()).journal.interrupted).toMatchObject([{ id: 1n }]);
  });

  it('tells a change from one trouble to another', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    rig.platter.trouble = 'io';
    await store.values.set('a', 'b');
    rig.platter.trouble = 'read-only';
    await rig.clock.advance(5_000);
    expect(rig.told.map(({ kind }) => kind)).toEqual(['io', 'read-only']);
    expect(await store.values.set('a', 'b')).toMatchObject({ ok: false, error: { kind: 'read-only' } });
  });

  it('what failed and is on the disk all the same never began, and is tried again as new', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    Object.assign(rig.platter, { trouble: 'io', keepsWhatFailed: true });
    expect(await store.journal.begin(command(1))).toMatchObject({ ok: false, error: { kind: 'io' } });
    rig.platter.trouble = undefined;
    await rig.clock.advance(5_000);
    expect(store.journal.find(command(1))).toBeUndefined();
    await rig.crash();
    const after = await rig.open();
    expect(await after.journal.interrupted).toEqual([]);
    expect(stored(await after.journal.begin(command(1)))).toBe('new');
  });

  it('a removal and a value that came in bad weather are made good when it passes', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    const sequence = stored(await store.outbox.put(message('sent')));
    store.values.setSoon('count', '7');
    rig.platter.trouble = 'full';
    expect(await store.outbox.remove(sequence)).toMatchObject({ ok: false, error: { kind: 'full' } });
    rig.platter.trouble = undefined;
    await rig.clock.advance(5_000);
    expect(store.outbox.count).toBe(0);
    expect(store.values.get('count')).toBe('7');
    await rig.crash();
    const after = await rig.open();
    expect(after.outbox.count).toBe(0);
    expect(after.values.get('count')).toBe('7');
  });

  it('a disk that stays bad is looked at with growing pauses', async () => {
    let opens = 0;
    class CountingDisk extends MemoryDisk {
      override open(request: OpenRequest) {
        opens += 1;
        return super.open(request);
      }
    }
    const clock = createFakeClock();
    const platter = new Platter();
    platter.trouble = 'io';
    const options = { clock, onTrouble: () => undefined, limits: { probeMsMin: 1_000, probeMsMax: 60_000 } };
    await using store = stored(await composeStore(new CountingDisk(platter, clock), options));
    await clock.advance(10 * 60_000);
    expect(opens).toBe(1 + 6 + 8); // After 1, 2, 4, 8, 16 and 32 s, then every minute.
    expect(store.state).toBe('io');
  });

  it('latency on the clock keeps a call pending, and those behind it share the next commit', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    const { commits } = store.metrics();
    rig.platter.latencyMs = 50;
    const first = store.values.set('a', '1');
    await rig.clock.advance(0);
    const others = [store.values.set('b', '1'), store.values.set('c', '1'), store.values.set('d', '1')];
    await rig.clock.advance(49);
    expect(store.metrics()).toMatchObject({ commits, pending: 4 });
    await rig.clock.advance(1);
    stored(await first);
    await rig.clock.advance(50);
    for (const other of others) stored(await other);
    expect(store.metrics()).toMatchObject({ commits: commits + 2, batchMax: 3, pending: 0 });
    expect(store.metrics().latencyMsP99).toBe(100);
  });

  it.each([
    ['lost', undefined],
    ['kept', 'under-way'],
  ] as const)('a crash in the middle of a commit leaves it %s, and nobody was told', async (fate, found) => {
    const rig = openTestRig();
    const store = await rig.open();
    rig.platter.latencyMs = 50;
    let isTold = false;
    void store.journal.begin(command(1)).finally(() => {
      isTold = true;
    });
    await rig.clock.advance(10);
    await rig.crash(fate === 'kept');
    await rig.clock.advance(100);
    expect(isTold).toBe(false);
    rig.platter.latencyMs = 0;
    expect((await rig.open()).journal.find(command(1))).toBe(found);
  });

  it('a disk that never answers is left behind within the bound when the store closes', async () => {
    const clock = createFakeClock();
    const platter = new Platter();
    const store = stored(await openMemoryStore(platter, { clock, onTrouble: () => undefined }));
    platter.latencyMs = 1e9;
    const pending = store.outbox.put(message('late'));
    await clock.advance(0);
    const closed = store[Symbol.asyncDispose]();
    await clock.advance(2_000);
    await closed;
    expect(await pending).toMatchObject({ ok: false, error: { kind: 'closed' } });
  });
});
