import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asked,
  doubt,
  emptyReader,
  isStale,
  type ReaderState,
  read,
  unanswered,
} from '../../../agent/documents/reader.ts';
import { readerEpochsCount, versionGapMax } from '../../../agent/limits.ts';
import type { Message, Value } from '../../../agent/qn/message.ts';
import { Stage, sorted } from './owner-model.ts';

const snapshot = (ep: bigint, ver: number, val: Value, id?: bigint): Message => ({
  t: 'snapshot',
  ep,
  ver,
  val,
  ...(id === undefined ? {} : { id }),
});
const delta = (ep: bigint, base: number, ver: number, val: Value): Message => ({ t: 'delta', ep, base, ver, val });

/** The reader after these messages, and the ask of the last one. */
function after(...messages: readonly Message[]) {
  return messages.reduce((step, message) => read(step.state, message), { state: emptyReader } as ReturnType<
    typeof read
  >);
}

/** A reader that asked under this id. */
function asking(state: ReaderState, id: bigint): ReaderState {
  return asked(state, id);
}

describe('a reader', () => {
  it('applies a delta that begins at its version', () => {
    const { state, ask } = after(snapshot(1n, 4, { a: 1, b: 2 }), delta(1n, 4, 6, { a: 3, b: null }));
    expect(state.known).toEqual({ epoch: 1n, version: 6, value: { a: 3 } });
    expect([isStale(state), ask]).toEqual([false, undefined]);
  });

  it.each([
    ['a delta it has already', delta(1n, 3, 4, 'old')],
    ['a delta of the past', delta(1n, 1, 2, 'old')],
    ['a snapshot of the past', snapshot(1n, 3, 'old')],
    ['a snapshot it has already', snapshot(1n, 4, 'old')],
    ['a message without epoch and version', { t: 'snapshot', val: 'old' } as const],
    ['an event', { t: 'event', ep: 1n, ver: 9, val: 'old' } as const],
  ])('drops %s', (_, message) => {
    const { state, ask } = after(snapshot(1n, 4, 'now'), message);
    expect(state.known?.value).toBe('now');
    expect([isStale(state), ask]).toEqual([false, undefined]);
  });

  it.each([
    ['begins above its version', delta(1n, 5, 6, { a: 1 })],
    ['begins below and ends above: it may hide a change that was taken back', delta(1n, 2, 6, { a: 1 })],
  ])('does not apply a delta that %s, and asks from where it is', (_, message) => {
    const { state, ask } = after(snapshot(1n, 4, { a: 0 }), message);
    expect(state.known?.version).toBe(4);
    expect(isStale(state)).toBe(true);
    expect(ask).toEqual({ since: { epoch: 1n, version: 4 } });
  });

  it('asks for the whole value when it missed more versions than is worth telling', () => {
    const from = after(snapshot(1n, 4, 0)).state;
    expect(read(from, delta(1n, 5, 4 + versionGapMax, 1)).ask).toEqual({ since: { epoch: 1n, version: 4 } });
    expect(read(from, delta(1n, 5, 4 + versionGapMax + 1, 1)).ask).toEqual({});
  });

  it('asks for the whole value when it knows none', () => {
    expect(after(delta(1n, 3, 4, 'x')).ask).toEqual({});
    expect(doubt(emptyReader).ask).toEqual({});
  });

  it('asks only once at a time, and again when the answer is behind what it heard meanwhile', () => {
    const gap = after(snapshot(1n, 1, 'a'), delta(1n, 2, 3, 'c'));
    const state = asking(gap.state, 7n);
    const more = read(state, delta(1n, 4, 5, 'e'));
    expect(more.ask).toBeUndefined();
    const late = read(more.state, snapshot(1n, 3, 'c', 7n));
    expect(late.state.known?.value).toBe('c');
    expect(late.ask).toEqual({ since: { epoch: 1n, version: 3 } });
  });

  it('does not move to another epoch on its word, only on an answer', () => {
    const heard = after(snapshot(9n, 40, 'old'), snapshot(3n, 1, 'new'));
    expect(heard.state.known?.value).toBe('old');
    expect([isStale(heard.state), heard.ask]).toEqual([true, {}]);
    const { state } = read(asking(heard.state, 7n), snapshot(3n, 1, 'new', 7n));
    expect([state.known?.value, isStale(state)]).toEqual(['new', false]);
    const late = read(state, snapshot(9n, 41, 'older'));
    expect([late.state.known?.value, late.ask, isStale(late.state)]).toEqual(['new', undefined, false]);
  });

  it('asks again when another epoch spoke after the query was sent', () => {
    const first = asking(after(snapshot(1n, 1, 'one')).state, 7n);
    const heard = read(first, delta(2n, 1, 2, 'two'));
    const answer = read(heard.state, snapshot(1n, 1, 'one', 7n));
    expect(isStale(answer.state)).toBe(true);
    expect(answer.ask).toEqual({});
  });

  it('asks again when what it believed meanwhile contradicts a late answer', () => {
    const begun = asking(doubt(emptyReader).state, 7n);
    const believed = read(begun, snapshot(2n, 1, 'two'));
    const late = read(believed.state, snapshot(1n, 5, 'one', 7n));
    expect([late.state.known?.value, isStale(late.state), late.ask]).toEqual(['two', true, {}]);
  });

  it('does not take the answer to an older query for the one it waits for', () => {
    const gap = asking(after(snapshot(1n, 1, 'a'), delta(1n, 2, 3, 'c')).state, 7n);
    const retried = asking(unanswered(gap).state, 8n);
    const late = read(retried, snapshot(1n, 2, 'b', 7n));
    expect([late.state.known?.value, isStale(late.state), late.ask]).toEqual(['b', true, undefined]);
  });

  it('remembers so many epochs and no more', () => {
    let state: ReaderState = after(snapshot(1n, 1, 0)).state;
    for (let epoch = 2n; epoch < 40n; epoch += 1n) {
      state = asking(read(state, snapshot(epoch, 1, 0)).state, epoch);
      state = read(state, snapshot(epoch, 1, 0, epoch)).state;
    }
    expect(state.retired.length).toBe(readerEpochsCount);
    for (let epoch = 50n; epoch < 90n; epoch += 1n) state = read(state, snapshot(epoch, 1, 0)).state;
    expect(state.foreign.length).toBe(readerEpochsCount);
  });
});

const small: fc.Arbitrary<Value> = fc.oneof(
  { arbitrary: fc.constantFrom(null, true, 'x'), weight: 1 },
  {
    arbitrary: fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom(1, 2, { d: 1 }, { d: 2, e: [null] }, null),
    ),
    weight: 6,
  },
);

type Act = { readonly do: string; readonly value: Value; readonly index: number };

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.record({
    do: fc.constantFrom(
      ...[
        'change',
        'change',
        'change',
        'skip',
        'restart',
        'tell',
        'tell-state',
        'show',
        'feed',
        'feed',
        'deliver',
        'deliver',
      ],
      ...['again', 'lose', 'query', 'query', 'lose-query', 'timeout', 'doubt'],
    ),
    value: small,
    index: fc.nat(),
  }),
  { maxLength: 60, size: 'max' },
);

/** Whatever order: epochs are not promised to grow. */
const epochs = fc.uniqueArray(fc.bigInt({ min: 1n, max: 20n }), { minLength: 6, maxLength: 6 });

function act(stage: Stage, { do: what, value, index }: Act): void {
  const { toReader, toOwner } = stage;
  const told = what === 'tell' || what === 'feed' ? stage.delta() : undefined;
  const at = toReader.length === 0 ? 0 : index % toReader.length;
  const message = toReader[at];
  if (what === 'change') stage.change(value);
  else if (what === 'skip') stage.skip(index % 2 === 0 ? 5 : versionGapMax + 5);
  else if (what === 'restart') stage.restart();
  else if (what === 'tell') toReader.push(...(told === undefined ? [] : [told]));
  else if (what === 'tell-state') toReader.push(stage.snapshot());
  else if (what === 'show') stage.deliver(stage.snapshot());
  else if (what === 'feed' && told !== undefined) stage.deliver(told);
  else if (what === 'lose') toReader.splice(at, 1);
  else if (what === 'deliver' && message !== undefined) stage.deliver(...(toReader.splice(at, 1) as [Message]));
  else if (what === 'again' && message !== undefined) stage.deliver(message);
  else if (what === 'query') toReader.push(...toOwner.splice(0, 1).map((query) => stage.answer(query)));
  else if (what === 'lose-query') toOwner.splice(0, 1);
  else if (what === 'timeout' && stage.reader.asked !== undefined) stage.step(unanswered(stage.reader));
  else if (what === 'doubt') stage.step(doubt(stage.reader));
}

/** The queries that were lost are sent again, as after a time without answer. */
function settle(stage: Stage): void {
  stage.settle();
  if (stage.reader.asked !== undefined) stage.step(unanswered(stage.reader));
  stage.settle();
}

function expectEqual(stage: Stage): void {
  expect(isStale(stage.reader)).toBe(false);
  const { epoch, version, value } = stage.current;
  expect([stage.reader.known?.epoch, stage.reader.known?.version]).toEqual([epoch, version]);
  expect(sorted(stage.reader.known?.value ?? null)).toEqual(sorted(value));
}

describe('a reader and an owner, with loss, doubles and any order', () => {
  const play = (script: readonly Act[], epochsOfOwner: readonly bigint[]) => {
    const stage = new Stage(epochsOfOwner);
    for (const one of script) {
      act(stage, one);
      expect(stage.isTrue).toBe(true);
    }
    return stage;
  };

  it('only ever shows what the owner said, and after a doubt is answered it equals the owner', () => {
    fc.assert(
      fc.property(acts, epochs, (script, epochsOfOwner) => {
        const stage = play(script, epochsOfOwner);
        stage.step(doubt(stage.reader));
        settle(stage);
        expectEqual(stage);
      }),
      { numRuns: 2_000 },
    );
  });

  it('notices by one word of the newest version that it missed something, and ends equal, whatever comes late', () => {
    fc.assert(
      fc.property(acts, epochs, fc.boolean(), (script, epochsOfOwner, bySnapshot) => {
        const stage = play(script, epochsOfOwner);
        stage.delta();
        stage.change({ last: script.length });
        stage.deliver((bySnapshot ? undefined : stage.delta()) ?? stage.snapshot());
        settle(stage);
        expectEqual(stage);
        for (const message of stage.toReader.splice(0)) {
          stage.deliver(message);
          settle(stage);
        }
        expectEqual(stage);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not kept asking by old messages that come again and again', () => {
    const stage = new Stage([5n, 3n]);
    const old = stage.snapshot();
    stage.restart();
    stage.deliver(stage.snapshot());
    for (let count = 0; count < 100; count += 1) {
      stage.deliver(old);
      stage.settle();
    }
    expect(stage.asksCount).toBe(1);
    expectEqual(stage);
  });
});
