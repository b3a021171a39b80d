import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../agent/store/store.ts';
import { command, message } from '../../contract/store.stage.ts';
import { type FileRig, type MemoryRig, openFileRig, openMemoryRig, stored } from '../../support/store-rigs.ts';

const ids = fc.integer({ min: 1, max: 6 });
/** Each call either waits until it is durable, or is left pending: what a crash then makes of it is open. */
const waits = fc.boolean();
const step = fc.oneof(
  fc.record({ act: fc.constant('begin' as const), id: ids, waits }),
  fc.record({ act: fc.constant('execute' as const), id: ids, waits }),
  fc.record({ act: fc.constant('end' as const), id: ids, waits }),
  fc.record({ act: fc.constant('put' as const), id: ids, waits }),
  fc.record({ act: fc.constant('remove' as const), id: ids, waits }),
  fc.record({ act: fc.constant('set' as const), id: ids, waits }),
  fc.record({ act: fc.constant('restart' as const), id: ids, waits: fc.constant(true) }),
  fc.record({ act: fc.constant('crash' as const), id: ids, waits: fc.constant(true) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Every state that may be on the disk: one when all was waited for, more when something is pending. */
interface Possible<State> {
  now: State;
  durable: Set<State>;
}

type Life = 'unknown' | 'accepted' | 'executing' | 'successful' | 'failed';

/** What may be true, kept beside the store. */
class Model {
  readonly commands = new Map<number, Possible<Life>>();
  readonly deaths = new Map<number, number>();
  readonly values = new Map<number, Possible<string>>();
  /** Present: acknowledged. Maybe: pending when the process died. */
  readonly messages = new Map<string, 'present' | 'maybe'>();
  readonly sequences = new Map<string, number>();

  change<State>(map: Map<number, Possible<State>>, id: number, before: State, now: State): Possible<State> {
    const entry = map.get(id) ?? { now: before, durable: new Set([before]) };
    entry.now = now;
    entry.durable.add(now);
    map.set(id, entry);
    return entry;
  }

  /** Commits keep the order of calls: when one is durable, all before it are. */
  allDurable(): void {
    for (const entry of this.commands.values()) entry.durable = new Set([entry.now]);
    for (const entry of this.values.values()) entry.durable = new Set([entry.now]);
    for (const [text, state] of this.messages) if (state === 'maybe') this.messages.set(text, 'present');
  }
}

/** What is not waited for is in the middle of being written when the crash comes: on a platter, as long as it takes. */
function linger(rig: MemoryRig | FileRig): void {
  if ('platter' in rig) rig.platter.latencyMs = 1_000;
}

async function hurry(rig: MemoryRig | FileRig): Promise<void> {
  if (!('platter' in rig)) return;
  rig.platter.latencyMs = 0;
  await rig.clock.advance(1_000);
}

/** At once, or some turns later, when more of it has happened. */
async function crash(rig: MemoryRig | FileRig, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await rig.crash(turns % 2 === 0);
  if ('platter' in rig) rig.platter.latencyMs = 0;
}

async function run(rig: MemoryRig | FileRig, steps: readonly Step[]): Promise<void> {
  const model = new Model();
  const removed = new Set<string>();
  let store = await rig.open();
  let count = 0;

  async function settle(call: Promise<{ ok: boolean }>, isWaited: boolean): Promise<void> {
    if (!isWaited) return void call;
    await hurry(rig);
    expect(await call).toMatchObject({ ok: true });
    model.allDurable();
    for (const text of removed) model.messages.delete(text);
    removed.clear();
  }

  async function perform({ act, id, waits: isWaited }: Step): Promise<void> {
    const life = model.commands.get(id)?.now ?? 'unknown';
    if (!isWaited) linger(rig);
    if (act === 'begin') {
      const call = store.journal.begin(command(id));
      if (life === 'unknown') {
        model.change<Life>(model.commands, id, 'unknown', 'accepted');
        await settle(call, isWaited);
        if (!isWaited) return;
      }
      // A second delivery is answered from memory: that promises nothing of what is pending.
      const expected = { unknown: 'new', accepted: 'under-way', executing: 'under-way' } as const;
      const known = life === 'successful' ? { status: life } : { status: 'failed', reason: 'interrupted' };
      expect(stored(await call)).toEqual(life === 'successful' || life === 'failed' ? known : expected[life]);
    } else if (act === 'execute' && (life === 'accepted' || life === 'executing')) {
      model.change<Life>(model.commands, id, 'unknown', 'executing');
      await settle(store.journal.execute(command(id)), isWaited);
    } else if (act === 'end' && (life === 'accepted' || life === 'executing')) {
      model.change<Life>(model.commands, id, 'unknown', 'successful');
      await settle(store.journal.end(command(id), { status: 'successful' }), isWaited);
    } else if (act === 'put') {
      count += 1;
      const text = `m${count}`;
      const call = store.outbox.put(message(text));
      model.messages.set(text, 'maybe');
      model.sequences.set(text, store.outbox.lastSequence);
      await settle(call, isWaited);
    } else if (act === 'remove') {
      const text = [...model.messages.keys()][id - 1];
      if (text === undefined) return;
      model.messages.set(text, 'maybe');
      removed.add(text);
      await settle(store.outbox.remove(model.sequences.get(text)!), isWaited);
    } else if (act === 'set') {
      count += 1;
      model.change(model.values, id, '', `v${count}`);
      await settle(store.values.set(`key${id}`, `v${count}`), isWaited);
    }
  }

  async function begin(next: Store, isCrash: boolean): Promise<void> {
    store = next;
    await checkJournal(store, model, isCrash);
    for (const [id, { durable }] of model.values) {
      const text = store.values.get(`key${id}`) ?? '';
      expect([...durable]).toContain(text);
      model.values.set(id, { now: text, durable: new Set([text]) });
    }
    await checkOutbox(store, model);
    removed.clear();
  }

  for (const next of steps) {
    if (next.act === 'restart') {
      await hurry(rig);
      await store[Symbol.asyncDispose]();
      model.allDurable();
      for (const text of removed) model.messages.delete(text);
      await begin(await rig.open(), false);
    } else if (next.act === 'crash') {
      await crash(rig, next.id);
      await begin(await rig.open(), true);
    } else {
      await perform(next);
    }
  }
}

async function checkJournal(store: Store, model: Model, isCrash: boolean): Promise<void> {
  const interrupted = await store.journal.interrupted;
  const told = new Map(interrupted.map((entry) => [Number(entry.id), entry]));
  for (const [id, { durable }] of model.commands) {
    const entry = told.get(id);
    const found = store.journal.find(command(id));
    const life: Life =
      entry?.status ?? (found === undefined || found === 'under-way' ? 'unknown' : lifeOf(found.status));
    expect([...durable], `command ${id} after a ${isCrash ? 'crash' : 'restart'}`).toContain(life);
    const deaths = entry === undefined ? 0 : (model.deaths.get(id) ?? 0) + 1;
    expect(entry?.deaths ?? 0).toBe(deaths);
    model.deaths.set(id, deaths);
    const isGivenUp = deaths >= 3;
    expect(entry?.verdict === 'state-loop').toBe(isGivenUp);
    const now = isGivenUp ? 'failed' : life;
    if (now === 'unknown') model.commands.delete(id);
    else model.commands.set(id, { now, durable: new Set([now]) });
    told.delete(id);
  }
  expect([...told.keys()]).toEqual([]);
}

function lifeOf(status: string): Life {
  return status === 'successful' ? 'successful' : 'failed';
}

async function checkOutbox(store: Store, model: Model): Promise<void> {
  const messages = stored(await store.outbox.oldest(1_000, 0));
  const texts = messages.map(({ bytes }) => Buffer.from(bytes).toString());
  const expected = [...model.messages].filter(([text, state]) => state === 'present' || texts.includes(text));
  expect(texts).toEqual(expected.map(([text]) => text)); // In order, none twice, none that was not put.
  model.messages.clear();
  for (const [index, text] of texts.entries()) {
    expect(messages[index]?.sequence).toBe(model.sequences.get(text));
    model.messages.set(text, 'present');
  }
  expect(store.outbox.count).toBe(texts.length);
}

const sequences = fc.array(step, { minLength: 1, maxLength: 40 });

describe('any order of calls, restarts and crashes keeps the books of a simple model', () => {
  it('in memory', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async (steps) => {
        await using rig = openMemoryRig();
        try {
          await run(rig, steps);
        } finally {
          await hurry(rig);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('with SQLite', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async (steps) => {
        await using rig = openFileRig();
        await run(rig, steps);
      }),
      { numRuns: 25 },
    );
  });
});
