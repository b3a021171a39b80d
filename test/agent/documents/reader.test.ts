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
