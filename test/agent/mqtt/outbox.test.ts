import { describe, expect, it } from 'vitest';
import { sendWindowCount } from '../../../agent/limits.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { capacity, names, openOutbox } from '../../support/outbox-rig.ts';

describe('while the link is down', () => {
  it('keep waits and when-up is refused', () => {
    const { outbox, up, send, texts } = openOutbox();
    expect([send('a'), send('b', 'when-up'), send('c')]).toEqual([true, false, true]);
    expect(outbox.stats()).toMatchObject({ depth: 2, inFlight: 0, dropped: 0 });
    up();
    expect(texts()).toEqual(['a', 'c']);
  });

  it('at its bound nothing is lost; one more drops the oldest, counted', () => {
    const { outbox, up, send, texts } = openOutbox();
    for (const name of names(capacity)) send(name);
    expect(outbox.stats()).toMatchObject({ depth: capacity, dropped: 0 });
    expect(send('last')).toBe(true);
    expect(outbox.stats()).toMatchObject({ depth: capacity, dropped: 1 });
    up();
    expect(texts()[0]).toBe('m1');
  });

  it('what is on the way to an end goes first, also when it is the new one', () => {
    const { outbox, up, send, sendPassing, texts } = openOutbox();
    send('end 1');
    sendPassing('accepted');
    for (const name of names(capacity - 2)) send(name);
    expect([send('end 2'), sendPassing('executing')]).toEqual([true, false]);
    expect(outbox.stats()).toMatchObject({ depth: capacity, dropped: 2 });
    up();
    expect(texts().slice(0, 2)).toEqual(['end 1', 'm0']);
  });

  it('a message no slot can hold is refused and counted, and takes nobody’s place', () => {
    const { outbox, send } = openOutbox();
    send('a');
    expect(send('x'.repeat(129))).toBe(false);
    expect(outbox.stats()).toMatchObject({ depth: 1, dropped: 1 });
  });

  it('tells how long the oldest waits', async () => {
    const { outbox, send, clock } = openOutbox();
    send('a');
    await clock.advance(1_500);
    send('b');
    expect(outbox.stats().oldestMs).toBe(1_500);
  });
});

describe('while the link is up', () => {
  it('not more than the window is in flight, one place of the link left free for the goodbye', () => {
    const { outbox, up, send, handed, acknowledge } = openOutbox();
    up();
    for (const name of names(30)) send(name);
    expect(handed).toHaveLength(sendWindowCount - 1);
    expect(outbox.stats()).toMatchObject({ inFlight: sendWindowCount - 1, depth: 30 - (sendWindowCount - 1) });
    acknowledge();
    expect(handed).toHaveLength(sendWindowCount - 1);
    expect(outbox.stats()).toMatchObject({ sent: 1 });
  });

  it('a broker that takes fewer at a time gets fewer', () => {
    const { up, send, handed } = openOutbox();
    up(3);
    for (const name of names(10)) send(name);
    expect(handed).toHaveLength(2); // One place stays free for the goodbye.
  });

  it('acknowledgements in any order free their slots', () => {
    const { outbox, pool, up, send, acknowledge, handed } = openOutbox();
    up();
    for (const name of names(3)) send(name);
    acknowledge(1);
    expect(pool.stats().small.holders.outbox.used).toBe(2);
    acknowledge(1);
    acknowledge(0);
    expect([handed.length, pool.stats().small.holders.outbox.used, outbox.stats().sent]).toEqual([0, 0, 3]);
    pool.close();
  });

  it('a message the broker refuses is counted and not sent again', () => {
    const { outbox, up, send, refuse, texts, breakOff } = openOutbox();
    up();
    send('a');
    refuse('auth');
    expect(outbox.stats()).toMatchObject({ refused: 1, depth: 0, inFlight: 0 });
    breakOff();
    up();
    expect(texts()).toEqual([]);
  });

  it('there is room for when-up until the window is full', () => {
    const { outbox, up, send } = openOutbox();
    expect(outbox.hasRoom).toBe(false);
    up();
    for (const name of names(2 * (sendWindowCount - 1) - 1)) send(name);
    expect(outbox.hasRoom).toBe(true);
    send('one more');
    expect(outbox.hasRoom).toBe(false);
  });

  it('new room is told once per turn of the event loop', async () => {
    const { outbox, up, send, acknowledge } = openOutbox();
    let told = 0;
    outbox.onRoom(() => void (told += 1));
    up();
    for (const name of names(3)) send(name);
    for (let count = 0; count < 3; count += 1) acknowledge();
    expect(told).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(1);
  });
});

describe('when the link breaks', () => {
  it('what was not acknowledged is sent again, first and in order; when-up is forgotten', () => {
    const { up, send, breakOff, acknowledge, texts, outbox } = openOutbox();
    up();
    for (const name of ['a', 'b', 'c']) send(name);
    send('state', 'when-up');
    acknowledge(1); // b
    breakOff();
    send('d');
    up();
    const seen: string[] = [];
    while (texts().length > 0) {
      seen.push(...texts());
      acknowledge();
    }
    expect([...new Set(seen)]).toEqual(['a', 'c', 'd']);
    expect(outbox.stats()).toMatchObject({ depth: 0, inFlight: 0, sent: 4 });
  });

  it('what was in flight goes out again one at a time, the rest in the full window behind it', () => {
    const { up, send, breakOff, acknowledge, texts } = openOutbox();
    up();
    for (const name of ['a', 'b']) send(name);
    breakOff();
    for (const name of ['c', 'd']) send(name);
    up();
    expect(texts()).toEqual(['a']);
    acknowledge();
    expect(texts()).toEqual(['b']);
    acknowledge();
    expect(texts()).toEqual(['c', 'd']);
  });

  it('an answer that comes too late is not taken for the new attempt', () => {
    const { outbox, handed, up, send } = openOutbox();
    up();
    send('a');
    const late = handed.shift()!.done;
    outbox.down();
    up();
    late(ok());
    expect(outbox.stats()).toMatchObject({ inFlight: 1, sent: 0 });
  });

  it('no slot leaks, whatever happened before it is closed, and nothing is taken then', () => {
    const { outbox, pool, up, send, breakOff, acknowledge } = openOutbox();
    for (const name of names(capacity + 5)) send(name);
    up();
    acknowledge();
    breakOff();
    up();
    send('x', 'when-up');
    outbox.close();
    const late = { topic: 't', bytes: Buffer.from('late'), qos: 1, retain: false, policy: 'keep' } as const;
    expect([send('x'), outbox.offer(late, () => {})]).toEqual([false, false]);
    pool.close();
  });
});

describe('drain', () => {
  it('ends when everything was acknowledged', async () => {
    const { outbox, clock, up, send, acknowledge } = openOutbox();
    up();
    send('a');
    const drained = outbox.drain(1_000);
    await clock.advance(50);
    acknowledge();
    await clock.advance(50);
    expect(await drained).toBe(true);
  });

  it('gives up at its deadline, and at once without a link', async () => {
    const { outbox, clock, up, send, breakOff } = openOutbox();
    up();
    send('a');
    const drained = outbox.drain(1_000);
    await clock.advance(1_005);
    expect(await drained).toBe(false);
    breakOff();
    expect(await outbox.drain(1_000)).toBe(false);
  });
});
