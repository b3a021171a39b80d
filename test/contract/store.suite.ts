import { describe, expect, it } from 'vitest';
import { documentNameBytesMax } from '../../agent/limits.ts';
import { kidBytesMax } from '../../agent/trust/limits.ts';
import { type StoreRig, stored } from '../support/store-rigs.ts';
import { command, message, type StoreStage, setStoreStage, textsOf } from './store.stage.ts';
import { storeJournalCases } from './store-journal.suite.ts';
import { storeOutboxCases } from './store-outbox.suite.ts';

/** What every Store promises, whatever is under it. */
export function storeSuite(name: string, openRig: () => StoreRig): void {
  describe(`the store contract: ${name}`, () => {
    const stage = setStoreStage(openRig);
    describe('journal', () => storeJournalCases(stage));
    describe('outbox', () => storeOutboxCases(stage));
    describe('values', () => valueCases(stage));
    describe('life', () => lifeCases(stage));
  });
}

function valueCases(stage: StoreStage): void {
  it('keeps what was set, over a crash', async () => {
    const store = await stage.rig.open();
    expect(store.values.get('stamp')).toBeUndefined();
    stored(await store.values.set('stamp', '1'));
    stored(await store.values.set('stamp', '2'));
    const after = await stage.reopenAfterCrash();
    expect(after.values.get('stamp')).toBe('2');
  });

  it('writes what was set soon along with the next commit, and with none of its own', async () => {
    const store = await stage.rig.open();
    const { commits } = store.metrics();
    for (let count = 1; count <= 100; count += 1) store.values.setSoon('count', String(count));
    await stage.rig.clock.advance(60_000);
    expect(store.metrics().commits).toBe(commits);
    stored(await store.values.set('other', 'x'));
    expect(store.metrics().commits).toBe(commits + 1);
    const after = await stage.reopenAfterCrash();
    expect(after.values.get('count')).toBe('100');
  });

  it('writes what was set soon by itself after the delay, once', async () => {
    const store = await stage.rig.open({ valueDelayMs: 5_000 });
    store.values.setSoon('count', '1');
    store.values.setSoon('count', '2');
    const { commits } = store.metrics();
    await stage.rig.clock.advance(5_000);
    await expect.poll(() => store.metrics().commits).toBe(commits + 1);
    await stage.rig.clock.advance(50_000);
    expect(store.metrics().commits).toBe(commits + 1);
    const after = await stage.reopenAfterCrash();
    expect(after.values.get('count')).toBe('2');
  });

  it('writes what was set soon when it closes', async () => {
    const store = await stage.rig.open();
    store.values.setSoon('count', '7');
    expect((await stage.reopen(store)).values.get('count')).toBe('7');
  });

  it('takes what the config takes as the name of a key or a document', async () => {
    const store = await stage.rig.open();
    const names = [
      'trust.used.Panel_1',
      `trust.used.${'k'.repeat(kidBytesMax)}`,
      `trust.order.${'d'.repeat(documentNameBytesMax)}`,
    ];
    for (const name of names) stored(await store.values.set(name, '7'));
    const after = await stage.reopenAfterCrash();
    expect(names.map((name) => after.values.get(name))).toEqual(['7', '7', '7']);
  });

  it('refuses one value too many, and one too long', async () => {
    const store = await stage.rig.open({ valuesCountMax: 2, valueBytesMax: 4 });
    stored(await store.values.set('one', '1234'));
    stored(await store.values.set('two', '2'));
    expect(await store.values.set('three', '3')).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
    expect(await store.values.set('one', '12345')).toMatchObject({ ok: false, error: { kind: 'too-large' } });
    stored(await store.values.set('one', 'x'));
    expect(store.values.get('one')).toBe('x');
  });
}

function lifeCases(stage: StoreStage): void {
  it('makes all calls of one turn durable with one commit', async () => {
    const store = await stage.rig.open();
    const { commits, writes } = store.metrics();
    const calls = Array.from({ length: 100 }, (_, index) => store.outbox.put(message(`m${index}`)));
    for (const call of calls) stored(await call);
    expect(store.metrics()).toMatchObject({ commits: commits + 1, writes: writes + 100, batchMax: 100, pending: 0 });
  });

  it('reads what was written before the read was asked for', async () => {
    const store = await stage.rig.open();
    void store.outbox.put(message('one'));
    expect(await textsOf(store)).toEqual(['one']);
  });

  it('refuses what is over the bound of pending calls as overloaded, and goes on', async () => {
    const store = await stage.rig.open({ pendingCountMax: 10 });
    const calls = Array.from({ length: 11 }, (_, index) => store.values.set(`v${index}`, 'x'));
    const results = await Promise.all(calls);
    expect(results.filter(({ ok }) => ok)).toHaveLength(10);
    expect(results[10]).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
    expect(store.metrics()).toMatchObject({ refused: 1, pendingHighWater: 10 });
    stored(await store.values.set('later', 'x'));
  });

  it('refuses what is over the bound of pending bytes', async () => {
    const store = await stage.rig.open({ pendingBytesMax: 10_000 });
    const large = message('x'.repeat(6_000));
    const [first, second] = await Promise.all([store.outbox.put(large), store.outbox.put(large)]);
    expect(first.ok).toBe(true);
    expect(second).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
  });

  it('takes the bytes as they are at the call', async () => {
    const store = await stage.rig.open();
    const bytes = Buffer.from('before');
    const put = store.outbox.put({ ...message(''), bytes });
    bytes.fill('x');
    stored(await put);
    expect(await textsOf(store)).toEqual(['before']);
  });

  it('writes what is pending when it is disposed of, and fails with closed afterwards, twice', async () => {
    const store = await stage.rig.open();
    const pending = Array.from({ length: 300 }, (_, index) => store.outbox.put(message(`m${index}`)));
    const begun = store.journal.begin(command(1));
    await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
    for (const call of pending) stored(await call);
    expect(stored(await begun)).toBe('new');
    for (const late of [store.outbox.put(message('late')), store.outbox.oldest(1, 0), store.values.set('a', 'b')]) {
      expect(await late).toMatchObject({ ok: false, error: { kind: 'closed' } });
    }
    const after = await stage.rig.open();
    expect(after.outbox.count).toBe(300);
    expect(await textsOf(after)).toEqual(pending.map((_, index) => `m${index}`));
  });

  it('tells no trouble in all this', async () => {
    const store = await stage.rig.open();
    expect(store.state).toBe('working');
    stored(await store.values.set('a', 'b'));
    await stage.reopen(store);
    expect(stage.rig.told).toEqual([]);
  });
}
