import { expect, it } from 'vitest';
import { stored } from '../support/store-rigs.ts';
import { message, type StoreStage, textsOf } from './store.stage.ts';

export function storeOutboxCases(stage: StoreStage): void {
  it('tells messages in the order they were put, over a crash, with all that was given', async () => {
    const { outbox } = await stage.rig.open();
    const correlationData = Uint8Array.of(0, 255, 7);
    const properties = { contentType: 'application/cbor', responseTopic: 'a/b', correlationData, traceparent: '00-1' };
    const full = { ...message('\0\xff'), qos: 2, retain: true, policy: 'when-up', properties } as const;
    const first = stored(await outbox.put(full));
    stored(await outbox.put(message('second', 'serial.scale')));
    const after = await stage.reopenAfterCrash();
    const [one, two] = stored(await after.outbox.oldest(10, 0));
    expect(one).toEqual({ ...full, bytes: Uint8Array.from(full.bytes), sequence: first });
    expect(two).toMatchObject({ document: 'serial.scale', properties: {}, qos: 1, retain: false, policy: 'keep' });
    expect(after.outbox.costBytes).toBeGreaterThan(256);
  });

  it('knows of what only the latest is wanted, over a crash', async () => {
    const { outbox } = await stage.rig.open();
    const latest = { ...message('a', 'level'), policy: 'latest' } as const;
    stored(await outbox.put(message('an answer', 'level')));
    const sequences = [stored(await outbox.put(latest)), stored(await outbox.put(latest))];
    expect(outbox.latestOf('level')).toEqual(sequences);
    const { outbox: after } = await stage.reopenAfterCrash();
    expect([after.latestOf('level'), after.latestOf('other')]).toEqual([sequences, []]);
    stored(await after.remove(sequences[0]!));
    expect(after.latestOf('level')).toEqual([sequences[1]]);
    expect(stored(await after.oldest(9, 0)).map(({ policy }) => policy)).toEqual(['keep', 'latest']);
  });

  it('drains in pages behind the last sequence', async () => {
    const { outbox } = await stage.rig.open();
    for (let index = 0; index < 7; index += 1) void outbox.put(message(`m${index}`));
    const texts: string[] = [];
    for (let after = 0, isEnd = false; !isEnd; ) {
      const page = stored(await outbox.oldest(3, after));
      texts.push(...page.map(({ bytes }) => Buffer.from(bytes).toString()));
      after = page.at(-1)?.sequence ?? after;
      isEnd = page.length === 0;
    }
    expect(texts).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6']);
  });

  it('tells fewer at a time when they are large, and one in any case', async () => {
    const { outbox } = await stage.rig.open({ outboxReadBytesMax: 1_000 });
    for (const size of [2_000, 300, 300, 2_000]) void outbox.put(message('x'.repeat(size)));
    const pages: number[] = [];
    for (let after = 0; pages.length < 3; ) {
      const page = stored(await outbox.oldest(10, after));
      pages.push(page.length);
      after = page.at(-1)?.sequence ?? 0;
    }
    expect(pages).toEqual([1, 2, 1]);
  });

  it('removes what was acknowledged, for good, in any order, twice', async () => {
    const store = await stage.rig.open();
    const sequences = await Promise.all(
      ['a', 'b', 'c'].map(async (text) => stored(await store.outbox.put(message(text)))),
    );
    stored(await store.outbox.remove(sequences[1]!));
    stored(await store.outbox.remove(sequences[1]!));
    expect(await textsOf(store)).toEqual(['a', 'c']);
    const after = await stage.reopenAfterCrash();
    expect(await textsOf(after)).toEqual(['a', 'c']);
    expect(after.outbox.count).toBe(2);
  });

  it('never gives a sequence twice, whatever was removed and however it ended', async () => {
    let store = await stage.rig.open();
    let last = 0;
    for (const life of [1, 2, 3, 4]) {
      expect(store.outbox.lastSequence).toBeGreaterThanOrEqual(last);
      for (const text of ['a', 'b']) {
        const sequence = stored(await store.outbox.put(message(text)));
        expect(sequence).toBeGreaterThan(last);
        last = sequence;
        stored(await store.outbox.remove(sequence));
      }
      void store.outbox.put(message('not acknowledged'));
      store = life % 2 === 0 ? await stage.reopen(store) : await stage.reopenAfterCrash();
    }
  });

  it('takes a sequence that is given, and goes on behind it; an old one is our own mistake', async () => {
    const { outbox } = await stage.rig.open();
    expect(stored(await outbox.put({ ...message('a'), sequence: 5_000 }))).toBe(5_000);
    expect(stored(await outbox.put(message('b')))).toBe(5_001);
    await expect(outbox.put({ ...message('c'), sequence: 5_001 })).rejects.toThrow('out of order');
    const after = await stage.reopenAfterCrash();
    expect(after.outbox.lastSequence).toBeGreaterThanOrEqual(5_001);
  });

  it('drops the oldest when one more than the bound is put, and counts it by document, for good', async () => {
    const store = await stage.rig.open({ outboxCountMax: 3 });
    for (const [text, document] of [
      ['a', 'one'],
      ['b', 'two'],
      ['c', 'one'],
    ] as const) {
      stored(await store.outbox.put(message(text, document)));
    }
    expect(store.outbox.dropped.size).toBe(0);
    stored(await store.outbox.put(message('d', 'three')));
    stored(await store.outbox.put(message('e', 'three')));
    expect(await textsOf(store)).toEqual(['c', 'd', 'e']);
    const after = await stage.reopenAfterCrash({ outboxCountMax: 3 });
    expect(await textsOf(after)).toEqual(['c', 'd', 'e']);
    expect(Object.fromEntries(after.outbox.dropped)).toEqual({ one: 1, two: 1 });
    stored(await after.outbox.put(message('f', 'one')));
    expect(Object.fromEntries(after.outbox.dropped)).toEqual({ one: 2, two: 1 });
  });

  it('drops as many of the oldest as the bytes of the new one need, and refuses what can never fit', async () => {
    const store = await stage.rig.open({ outboxBytesMax: 3_000 });
    for (const text of ['a', 'b', 'c']) stored(await store.outbox.put(message(text.repeat(700))));
    stored(await store.outbox.put(message('d'.repeat(1_500))));
    const texts = (await textsOf(store)).map((text) => text[0]);
    expect(texts).toEqual(['c', 'd']);
    expect(store.outbox.costBytes).toBeLessThanOrEqual(3_000);
    const refused = await store.outbox.put(message('e'.repeat(3_000)));
    expect(refused).toMatchObject({ ok: false, error: { kind: 'too-large' } });
    expect(store.outbox.count).toBe(2);
  });

  it('obeys a smaller bound after a restart', async () => {
    const store = await stage.rig.open();
    for (const text of ['a', 'b', 'c', 'd']) void store.outbox.put(message(text));
    const after = await stage.reopen(store, { outboxCountMax: 2 });
    expect(await textsOf(after)).toEqual(['c', 'd']);
    expect(Object.fromEntries(after.outbox.dropped)).toEqual({ 'gpio.relay1': 2 });
  });
}
