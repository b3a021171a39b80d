import { describe, expect, it } from 'vitest';
import { Copies } from '../../../agent/cli/copies.ts';
import type { Ask } from '../../../agent/documents/reader.ts';
import { copiesMax, queriesUnderWayMax, requeryDelayMsMax } from '../../../agent/limits.ts';
import type { Message, Value } from '../../../agent/qn/message.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const snapshot = (ver: number, val: Value = ver, ep = 1n): Message => ({ t: 'snapshot', ep, ver, val });
const gap: Message = { t: 'delta', ep: 1n, base: 7, ver: 8, val: 8 };
const health = (status: string): Message => ({ t: 'health', val: { status } });

function open() {
  const clock = createFakeClock();
  const asks: { readonly document: string; readonly ask: Ask; readonly id: bigint }[] = [];
  const stale: (readonly [string, number | undefined])[] = [];
  const copies = new Copies(
    {
      clock,
      query(document, ask) {
        const id = BigInt(asks.length + 1);
        asks.push({ document, ask, id });
        return id;
      },
      stale: (document, version) => stale.push([document, version]),
    },
    1_000,
  );
  const waitAndTick = async () => {
    await clock.advance(copies.dueMs - clock.monotonicMs());
    copies.tick();
  };
  return { clock, asks, stale, copies, waitAndTick };
}

describe('the copies of a watcher', () => {
  it('ask once about a gap, and say nothing when the answer comes', () => {
    const { copies, asks, stale } = open();
    copies.hear('a', snapshot(1));
    copies.hear('a', gap);
    copies.hear('a', gap);
    expect(asks).toEqual([{ document: 'a', ask: { since: { epoch: 1n, version: 1 } }, id: 1n }]);
    copies.hear('a', { ...snapshot(8), id: 1n });
    expect([stale, copies.dueMs]).toEqual([[], Infinity]);
  });

  it('call it stale once when no answer comes, and ask again after waits that double up to a bound', async () => {
    const { copies, asks, stale, clock, waitAndTick } = open();
    copies.hear('a', snapshot(1));
    copies.hear('a', gap);
    const waits: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      waits.push(copies.dueMs - clock.monotonicMs());
      await waitAndTick();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, requeryDelayMsMax, requeryDelayMsMax]);
    expect(asks).toHaveLength(9);
    expect(stale).toEqual([['a', 1]]);
  });

  it('do not call it stale when the answer was lost but the value is known meanwhile', async () => {
    const { copies, asks, stale, waitAndTick } = open();
    copies.hear('a', snapshot(1));
    copies.hear('a', gap);
    copies.hear('a', snapshot(8));
    await waitAndTick();
    expect([stale, asks.length, copies.dueMs]).toEqual([[], 1, Infinity]);
  });

  it('are stale while the node is offline, and ask when it is back', () => {
    const { copies, asks, stale } = open();
    copies.hear('a', snapshot(1));
    copies.hear('agent', health('offline'));
    copies.hear('b', snapshot(4));
    copies.hear('agent', health('offline'));
    expect(stale).toEqual([
      ['a', 1],
      ['b', 4],
    ]);
    expect(asks).toEqual([]);
    copies.hear('agent', health('online'));
    expect(asks.map(({ document }) => document)).toEqual(['a', 'b']);
    copies.hear('a', { ...snapshot(1, 'new', 2n), id: 1n });
    copies.hear('b', { ...snapshot(1, 'new', 2n), id: 2n });
    expect(copies.dueMs).toBe(Infinity);
  });

  it('have so many queries under way and no more; an answer makes room for the next', () => {
    const { copies, asks } = open();
    for (let count = 0; count <= queriesUnderWayMax; count += 1) copies.hear(`d${count}`, gap);
    expect(asks).toHaveLength(queriesUnderWayMax);
    copies.hear('d0', { ...snapshot(8), id: 1n });
    expect(asks.at(-1)?.document).toBe(`d${queriesUnderWayMax}`);
  });

  it('give everybody a turn when nobody answers', async () => {
    const { copies, asks, waitAndTick } = open();
    for (let count = 0; count < queriesUnderWayMax * 2; count += 1) copies.hear(`d${count}`, gap);
    await waitAndTick();
    expect(new Set(asks.map(({ document }) => document)).size).toBe(queriesUnderWayMax * 2);
  });

  it('are kept of so many documents and no more', () => {
    const { copies, stale } = open();
    for (let count = 0; count <= copiesMax; count += 1) copies.hear(`d${count}`, snapshot(1));
    copies.hear('agent', health('offline'));
    expect(stale).toHaveLength(copiesMax);
  });
});
