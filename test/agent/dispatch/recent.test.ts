import { describe, expect, it } from 'vitest';
import { RecentCommands } from '../../../agent/dispatch/recent.ts';
import type { Notify } from '../../../agent/qn/message.ts';

const command = (id: bigint, src = 'ops'): Notify => ({ t: 'notify', id, src, val: true });

describe('the window of recent commands', () => {
  it('knows a second delivery, under way and with its outcome', () => {
    const recent = new RecentCommands(4);
    expect(recent.begin('a', command(1n))).toBeUndefined();
    expect(recent.begin('a', command(1n))).toBe('under-way');
    recent.end('a', command(1n), { status: 'failed', reason: 'driver-timeout' });
    expect(recent.begin('a', command(1n))).toEqual({ status: 'failed', reason: 'driver-timeout' });
  });

  it('keeps sources and documents apart', () => {
    const recent = new RecentCommands(4);
    recent.begin('a', command(1n));
    expect(recent.begin('b', command(1n))).toBeUndefined();
    expect(recent.begin('a', command(1n, 'other'))).toBeUndefined();
  });

  it('never takes two commands without id for the same', () => {
    const recent = new RecentCommands(4);
    const bare: Notify = { t: 'notify', val: true };
    expect([recent.begin('a', bare), recent.begin('a', bare)]).toEqual([undefined, undefined]);
  });

  it('lets an id be tried again when nothing was done', () => {
    const recent = new RecentCommands(4);
    recent.begin('a', command(1n));
    recent.forget('a', command(1n));
    expect(recent.begin('a', command(1n))).toBeUndefined();
  });

  it('forgets the oldest at its bound, and only then', () => {
    const recent = new RecentCommands(2);
    for (const id of [1n, 2n]) recent.begin('a', command(id));
    expect(recent.begin('a', command(1n))).toBe('under-way');
    recent.begin('a', command(3n));
    expect(recent.begin('a', command(2n))).toBe('under-way');
    expect(recent.begin('a', command(1n))).toBeUndefined();
  });

  it('does not take up again what was forgotten while it was under way', () => {
    const recent = new RecentCommands(1);
    recent.begin('a', command(1n));
    recent.begin('a', command(2n));
    recent.end('a', command(1n), { status: 'successful' });
    expect(recent.begin('a', command(2n))).toBe('under-way');
  });
});
