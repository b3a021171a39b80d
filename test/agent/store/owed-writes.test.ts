import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Store } from '../../../agent/store/store.ts';
import { command, message, textsOf } from '../../contract/store.stage.ts';
import { type MemoryRig, openMemoryRig, stored } from '../../support/store-rigs.ts';

function openTestRig(): MemoryRig {
  const rig = openMemoryRig();
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

async function turns(count = 6): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function executing(store: Store, id: number): Promise<void> {
  stored(await store.journal.begin(command(id)));
  stored(await store.journal.execute(command(id)));
}

/** The disk fails, is read again, and its first commit is under way. */
async function beginRecovery(rig: MemoryRig, store: Store): Promise<void> {
  rig.platter.trouble = 'io';
  expect(await store.outbox.put(message('lost'))).toMatchObject({ ok: false, error: { kind: 'io' } });
  Object.assign(rig.platter, { trouble: undefined, latencyMs: 100 });
  await rig.clock.advance(1_150);
  expect(store.state).toBe('io');
}

describe('what is owed to the disk', () => {
  it('is written when it came while a disk that failed was being taken back', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    await executing(store, 1);
    await executing(store, 2);
    const sequence = stored(await store.outbox.put(message('acknowledged')));
    await beginRecovery(rig, store);
    const calls = [
      store.journal.end(command(1), { status: 'successful' }),
      store.journal.forget(command(2)),
      store.outbox.remove(sequence),
      store.values.set('a', 'b'),
    ];
    for (let commit = 0; commit < 3; commit += 1) await rig.clock.advance(200);
    for (const call of calls) stored(await call);
    expect(store.state).toBe('working');
    rig.platter.latencyMs = 0;
    await rig.crash();
    const after = await rig.open();
    expect(after.journal.find(command(1))).toEqual({ status: 'successful' });
    expect(after.journal.find(command(2))).toBeUndefined();
    expect(await after.journal.interrupted).toEqual([]);
    expect(await textsOf(after)).toEqual([]);
    expect(after.values.get('a')).toBe('b');
  });

  it('is kept when taking the disk back fails as well', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    await executing(store, 1);
    const sequence = stored(await store.outbox.put(message('acknowledged')));
    rig.platter.trouble = 'io';
    expect(await store.outbox.remove(sequence)).toMatchObject({ ok: false });
    store.values.setSoon('count', '7');
    Object.assign(rig.platter, { trouble: undefined, latencyMs: 100 });
    await rig.clock.advance(1_150);
    const ended = store.journal.end(command(1), { status: 'successful' });
    rig.platter.trouble = 'io';
    await rig.clock.advance(100);
    expect(await ended).toMatchObject({ ok: false, error: { kind: 'io' } });
    Object.assign(rig.platter, { trouble: undefined, latencyMs: 0 });
    await rig.clock.advance(10_000);
    expect(store.state).toBe('working');
    expect(store.outbox.has(sequence)).toBe(false);
    await rig.crash();
    const after = await rig.open();
    expect(after.journal.find(command(1))).toEqual({ status: 'successful' });
    expect(after.outbox.count).toBe(0);
    expect(after.values.get('count')).toBe('7');
  });

  it('is taken beyond the bound of pending calls, which refuses only what is new', async () => {
    const rig = openTestRig();
    const store = await rig.open({ pendingCountMax: 10, outboxCountMax: 100 });
    await executing(store, 1);
    await executing(store, 2);
    const sequence = stored(await store.outbox.put(message('acknowledged')));
    rig.platter.latencyMs = 5_000;
    const puts = Array.from({ length: 11 }, (_, index) => store.outbox.put(message(`m${index}`)));
    expect(await puts[10]).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
    expect(await store.journal.begin(command(3))).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
    const calls = [
      store.journal.end(command(1), { status: 'successful' }),
      store.journal.forget(command(2)),
      store.outbox.remove(sequence),
    ];
    expect(store.metrics()).toMatchObject({ state: 'working', pending: 13, refused: 2 });
    await rig.clock.advance(20_000);
    for (const call of calls) stored(await call);
    rig.platter.latencyMs = 0;
    await rig.crash();
    const after = await rig.open();
    expect(after.journal.find(command(1))).toEqual({ status: 'successful' });
    expect(after.journal.find(command(2))).toBeUndefined();
    expect(await textsOf(after)).toEqual(puts.slice(0, 10).map((_, index) => `m${index}`));
  });

  it('is nothing for what was refused: it throws nothing away, and uses up no number', async () => {
    const rig = openTestRig();
    const store = await rig.open({ pendingCountMax: 2, outboxCountMax: 3, journalCountMax: 1 });
    await executing(store, 1);
    stored(await store.journal.end(command(1), { status: 'successful' }));
    rig.platter.latencyMs = 1_000;
    void store.outbox.put(message('a'));
    void store.outbox.put(message('b'));
    const { lastSequence } = store.outbox;
    for (let count = 0; count < 5; count += 1) {
      expect(await store.outbox.put(message('refused'))).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
    }
    expect(await store.journal.begin(command(2))).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
    expect([store.outbox.count, store.outbox.lastSequence]).toEqual([2, lastSequence]);
    expect(store.outbox.dropped.size).toBe(0);
    expect(store.journal.find(command(1))).toEqual({ status: 'successful' });
    rig.platter.latencyMs = 0;
    await rig.clock.advance(1_000);
  });

  it('goes to the disk once: a value that rode along with one commit does not ride with the next', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    const begun = vi.spyOn(rig.platter, 'begin');
    store.values.setSoon('count', '7');
    stored(await store.values.set('first', 'a'));
    stored(await store.values.set('second', 'b'));
    const keys = begun.mock.calls.map(([writes]) => writes.map((write) => 'key' in write && write.key));
    expect(keys).toEqual([['first', 'count'], ['second']]);
  });
});

const ids = fc.integer({ min: 1, max: 6 });
const acts = ['begin', 'execute', 'end', 'forget', 'put', 'remove', 'set'] as const;
const weathers = ['io', 'full', 'kept', 'calm', 'stall', 'wait', 'turn'] as const;
const step = fc.record({ act: fc.constantFrom(...acts, ...weathers), id: ids });
const limits = { pendingCountMax: 5, batchCountMax: 3, journalCountMax: 5, outboxCountMax: 5 };

/** Nothing is waited for, so that calls come at every moment of a commit, of a failure and of a recovery. */
async function perform(rig: MemoryRig, store: Store, { act, id }: { act: string; id: number }): Promise<void> {
  const { platter, clock } = rig;
  const isUnderWay = store.journal.find(command(id)) === 'under-way';
  if (act === 'begin') void store.journal.begin(command(id));
  if (act === 'execute' && isUnderWay) void store.journal.execute(command(id));
  if (act === 'end' && isUnderWay) void store.journal.end(command(id), { status: 'successful' });
  if (act === 'forget') void store.journal.forget(command(id));
  if (act === 'put') void store.outbox.put(message(`m${store.outbox.lastSequence + 1}`));
  if (act === 'remove') void store.outbox.remove(store.outbox.lastSequence - id + 1);
  if (act === 'set') store.values.setSoon(`key${id}`, String(clock.monotonicMs()));
  if (act === 'io' || act === 'full') platter.trouble = act;
  if (act === 'kept') platter.keepsWhatFailed = !platter.keepsWhatFailed;
  if (act === 'calm') platter.trouble = undefined;
  if (act === 'stall') platter.latencyMs = 100 * (id - 1);
  if (act === 'wait') await clock.advance(50 + 10 ** (id - 1));
  if (act === 'turn') await turns(id);
}

async function calmDown({ platter, clock }: MemoryRig, store: Store): Promise<void> {
  Object.assign(platter, { trouble: undefined, latencyMs: 0 });
  await clock.advance(120_000);
  for (let turn = 0; turn < 100 && store.metrics().pending > 0; turn += 1) await turns(1);
  stored(await store.values.set('last', 'x')); // All before it is written.
  expect(store.metrics()).toMatchObject({ state: 'working', pending: 0 });
}

/** What a caller can learn of it. */
function viewOf(store: Store, lastSequence: number) {
  const numbers = Array.from({ length: lastSequence + 1 }, (_, sequence) => sequence);
  return {
    commands: [1, 2, 3, 4, 5, 6].map((id) => store.journal.find(command(id))),
    messages: numbers.filter((sequence) => store.outbox.has(sequence)),
    dropped: [...store.outbox.dropped],
    values: [1, 2, 3, 4, 5, 6].map((id) => store.values.get(`key${id}`)),
  };
}

describe('any order of calls, trouble, recovery and stalls', () => {
  it('ends with a disk that has what memory has, when it works again', { timeout: 60_000 }, async () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (todo) => {
        await using rig = openMemoryRig();
        const store = await rig.open(limits);
        for (const next of todo) await perform(rig, store, next);
        await calmDown(rig, store);
        const { lastSequence } = store.outbox;
        const view = viewOf(store, lastSequence);
        await rig.crash();
        const after = await rig.open(limits);
        expect(viewOf(after, lastSequence)).toEqual(view);
        const interrupted = new Set((await after.journal.interrupted).map(({ id }) => Number(id)));
        const underWay = [1, 2, 3, 4, 5, 6].filter((id) => view.commands[id - 1] === 'under-way');
        expect(interrupted).toEqual(new Set(underWay));
      }),
      { numRuns: 600 },
    );
  });
});
