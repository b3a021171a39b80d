import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { asked, doubt, emptyReader, isStale, read } from '../../../agent/documents/reader.ts';
import type { Watcher } from '../../../agent/documents/watches.ts';
import { watchesMax, watchLeaseMsDefault } from '../../../agent/limits.ts';
import type { Query, Snapshot } from '../../../agent/qn/message.ts';
import { openVoiceRig } from '../../support/voice-rig.ts';

type Rig = ReturnType<typeof openVoiceRig>;

async function openRig(): Promise<Rig> {
  const rig = openVoiceRig();
  rig.change(1);
  await rig.clock.advance(0);
  return rig;
}

const inbox = 'qn/1/reader/state/meter';

function watcherOf(query: Partial<Query>, more: Partial<Watcher> = {}): Watcher {
  return { document: 'meter', query: { t: 'query', mode: 'watch', ...query }, replyTopic: inbox, ...more };
}

function ask(rig: Rig, query: Partial<Query> = {}, more: Partial<Watcher> = {}) {
  const snapshot = rig.states.snapshot('meter');
  expect(snapshot).toBeDefined();
  return rig.watches.ask(watcherOf(query, more), snapshot as Snapshot);
}

describe('a watch with a reply topic', () => {
  it('is told each change as a delta that begins where the last one ended', async () => {
    const rig = await openRig();
    expect(ask(rig)).toEqual({ ok: true, value: { lease: watchLeaseMsDefault } });
    rig.change({ a: 1 });
    rig.change({ a: 2 });
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toMatchObject([
      { t: 'delta', doc: 'meter', src: 'pi-1', ep: rig.epoch, base: 1, ver: 2, val: { a: 1 } },
      { t: 'delta', base: 2, ver: 3, val: { a: 2 } },
    ]);
  });

  it('keeps nothing of its query, which may be large', async () => {
    setFlagsFromString('--expose-gc');
    const rig = await openRig();
    const open = () => {
      const query: Query = { t: 'query', mode: 'watch', extra: { large: 'x' } };
      const asking = { ...watcherOf({}), query, message: query }; // Who asks knows more than is asked for.
      rig.watches.ask(asking, rig.states.snapshot('meter') as Snapshot);
      return new WeakRef(query);
    };
    const query = open();
    await new Promise((resolve) => setImmediate(resolve));
    runInNewContext('gc')();
    expect([query.deref(), rig.watches.stats().open]).toEqual([undefined, 1]);
  });

  it('is told nothing that is not its document', async () => {
    const rig = await openRig();
    ask(rig);
    rig.change(5, 'other');
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toEqual([]);
  });

  it('gets changes within min as one delta that spans them', async () => {
    const rig = await openRig();
    ask(rig, { min: 1_000 });
    rig.change(2);
    rig.change(3);
    await rig.clock.advance(999);
    expect(rig.arrived(inbox)).toEqual([]);
    await rig.clock.advance(1);
    expect(rig.arrived(inbox)).toMatchObject([{ t: 'delta', base: 1, ver: 3, val: 3 }]);
    rig.change(4);
    await rig.clock.advance(999);
    expect(rig.arrived(inbox)).toEqual([]);
  });

  it('gets a snapshot after max without change, again and again until the lease is over', async () => {
    const rig = await openRig();
    ask(rig, { max: 1_000, lease: 3_500 });
    await rig.clock.advance(999);
    expect(rig.arrived(inbox)).toEqual([]);
    await rig.clock.advance(10_000);
    expect(rig.arrived(inbox)).toMatchObject([
      { t: 'snapshot', ver: 1, val: 1 },
      { t: 'snapshot', ver: 1, val: 1 },
      { t: 'snapshot', ver: 1, val: 1 },
    ]);
    expect(rig.watches.stats()).toMatchObject({ open: 0, told: 3, expired: 1 });
  });

  it('is not told numbers that move less than step, until they moved that far in all', async () => {
    const rig = await openRig();
    ask(rig, { step: 0.5 });
    for (const value of [1.2, 1.4, 1.1]) rig.change(value);
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toEqual([]);
    rig.change(1.5);
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toMatchObject([{ t: 'delta', base: 1, ver: 5, val: 1.5 }]);
  });

  it('gets a snapshot where no patch can say the change', async () => {
    const rig = await openRig();
    ask(rig);
    rig.change({ a: null });
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toMatchObject([{ t: 'snapshot', ver: 2, val: { a: null } }]);
  });

  it('ends with its lease; a repeated query renews it and may change its pace', async () => {
    const rig = await openRig();
    ask(rig, { lease: 2_000, min: 500 });
    await rig.clock.advance(1_500);
    ask(rig, { lease: 2_000 });
    await rig.clock.advance(1_999);
    rig.change(2);
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toHaveLength(1);
    await rig.clock.advance(1);
    rig.change(3);
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toEqual([]);
    expect(rig.watches.stats()).toMatchObject({ open: 0, expired: 1 });
    expect(rig.clock.timersCount).toBe(0);
  });

  it('ends when it is cancelled, and cancelling twice is the same', async () => {
    const rig = await openRig();
    ask(rig);
    for (let count = 0; count < 2; count += 1) {
      expect(ask(rig, { mode: 'cancel' })).toEqual({ ok: true, value: { lease: 0 } });
    }
    rig.change(2);
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toEqual([]);
    expect(rig.watches.stats().open).toBe(0);
  });

  it('gets a snapshot after a reconnect: what was under way may be lost', async () => {
    const rig = await openRig();
    ask(rig);
    rig.broker.setWeather({ refusesConnects: true });
    rig.broker.drop();
    await rig.clock.advance(0);
    rig.change(2);
    rig.broker.setWeather({ refusesConnects: false });
    await rig.clock.advance(1_000);
    expect(rig.arrived(inbox)).toMatchObject([{ t: 'snapshot', ver: 2, val: 2 }]);
  });

  it('gets one delta for all that changed while the broker took nothing', async () => {
    const rig = await openRig();
    ask(rig);
    rig.broker.setWeather({ holdsAcks: true });
    for (let value = 2; value < 100; value += 1) rig.change(value);
    await rig.clock.advance(10);
    const early = rig.arrived(inbox);
    rig.broker.setWeather({ holdsAcks: false });
    for (let turn = 0; turn < 10; turn += 1) await rig.clock.advance(1);
    const late = rig.arrived(inbox);
    expect(early.length + late.length).toBeLessThan(40);
    const copy = [...early, ...late].reduce((state, message) => read(state, message).state, startOf(rig));
    expect([copy.known?.value, isStale(copy)]).toEqual([99, false]);
  });

  it('is answered in the encoding of the question, with its correlation data', async () => {
    const rig = await openRig();
    ask(rig, {}, { encoding: 'cbor', correlationData: Uint8Array.of(7) });
    rig.change(2);
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toHaveLength(1);
    const [message] = rig.last(inbox);
    expect(message?.properties).toMatchObject({ contentType: 'application/cbor', correlationData: Uint8Array.of(7) });
    expect(message?.retain).toBe(false);
  });
});

/** A reader that was answered with version 1. */
function startOf({ epoch }: Rig) {
  const state = asked(doubt(emptyReader).state, 5n);
  return read(state, { t: 'snapshot', id: 5n, ep: epoch, ver: 1, val: 1 }).state;
}

describe('a watch without a reply topic', () => {
  const open = (rig: Rig, query: Partial<Query>) => {
    const snapshot = rig.states.snapshot('meter') as Snapshot;
    return rig.watches.ask({ document: 'meter', query: { t: 'query', mode: 'watch', src: 'me', ...query } }, snapshot);
  };

  it('adds nothing to the topics that tell everybody everything', async () => {
    const rig = await openRig();
    expect(open(rig, { min: 500, step: 10 })).toMatchObject({ ok: true });
    rig.arrived('qn/1/pi-1/state/meter');
    rig.change(2);
    await rig.clock.advance(5_000);
    expect(rig.arrived('qn/1/pi-1/state/meter')).toHaveLength(1);
    expect(rig.arrived('qn/1/pi-1/delta/meter')).toHaveLength(1);
  });

  it('gets its max on the state topic, counted from the last change', async () => {
    const rig = await openRig();
    open(rig, { max: 1_000 });
    rig.arrived('qn/1/pi-1/state/meter');
    await rig.clock.advance(600);
    rig.change(2);
    await rig.clock.advance(999);
    expect(rig.arrived('qn/1/pi-1/state/meter')).toHaveLength(1);
    await rig.clock.advance(1);
    expect(rig.arrived('qn/1/pi-1/state/meter')).toMatchObject([{ t: 'snapshot', ver: 2 }]);
  });

  it('is that of its source: what another one cancels is its own', async () => {
    const rig = await openRig();
    open(rig, { max: 1_000 });
    open(rig, { src: 'other', mode: 'cancel' });
    expect(rig.watches.stats().open).toBe(1);
    open(rig, { mode: 'cancel' });
    expect(rig.watches.stats().open).toBe(0);
  });
});

describe('the number of watches', () => {
  it('is bounded; renewing one of them is always possible, and an expired one makes room', async () => {
    const rig = await openRig();
    for (let count = 0; count < watchesMax; count += 1) {
      expect(ask(rig, { lease: count === 0 ? 1_000 : 60_000 }, { replyTopic: `reader/${count}` })).toMatchObject({
        ok: true,
      });
    }
    expect(ask(rig, {}, { replyTopic: 'reader/more' })).toMatchObject({ ok: false, error: { reason: 'overloaded' } });
    expect(ask(rig, {}, { replyTopic: 'reader/7' })).toMatchObject({ ok: true });
    expect(rig.watches.stats()).toMatchObject({ open: watchesMax, refused: 1 });
    await rig.clock.advance(1_000);
    expect(ask(rig, {}, { replyTopic: 'reader/more' })).toMatchObject({ ok: true });
  });

  it('leaves no timer behind when all are closed', async () => {
    const rig = await openRig();
    ask(rig);
    expect(rig.clock.timersCount).toBe(1);
    rig.watches[Symbol.dispose]();
    expect(rig.clock.timersCount).toBe(0);
  });
});
