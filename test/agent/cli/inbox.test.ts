import { describe, expect, it } from 'vitest';
import { Inbox } from '../../../agent/cli/inbox.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { recordContext } from './context.ts';

function open() {
  const context = recordContext();
  return { context, clock: context.clock as FakeClock, inbox: new Inbox<string>(context) };
}

describe('the inbox of a command', () => {
  it('gives what arrived in order, and waits for what did not', async () => {
    const { inbox } = open();
    inbox.add('a');
    inbox.add('b');
    expect([await inbox.next(1_000), await inbox.next(1_000)]).toEqual(['a', 'b']);
    const next = inbox.next(1_000);
    inbox.add('c');
    expect(await next).toBe('c');
  });

  it('gives nothing after the deadline, and leaves no timer behind', async () => {
    const { inbox, clock } = open();
    const next = inbox.next(1_000);
    await clock.advance(1_000);
    expect([await next, clock.timersCount]).toEqual([undefined, 0]);
    const another = inbox.next(1_000);
    inbox.add('a');
    expect([await another, clock.timersCount]).toEqual(['a', 0]);
    expect(await inbox.next(0)).toBeUndefined();
  });

  it('gives nothing when the user gave up, at once', async () => {
    const { inbox, context } = open();
    const next = inbox.next(Infinity);
    expect(inbox.isOver).toBe(false);
    context.abort();
    expect([await next, inbox.isOver, inbox.isClosed]).toEqual([undefined, true, false]);
    inbox.add('a');
    expect(await inbox.next(Infinity)).toBeUndefined();
  });

  it('gives what it has when the connection broke, and then nothing', async () => {
    const { inbox } = open();
    const waiting = inbox.next(Infinity);
    inbox.close();
    expect([await waiting, inbox.isClosed]).toEqual([undefined, true]);
    inbox.add('a');
    expect([await inbox.next(Infinity), await inbox.next(Infinity)]).toEqual(['a', undefined]);
  });

  it('forgets the oldest at its bound', async () => {
    const { inbox } = open();
    for (let count = 0; count <= 4_096; count += 1) inbox.add(`${count}`);
    expect(await inbox.next(0)).toBe('1');
  });
});
