import { describe, expect, it } from 'vitest';
import { openLives } from '../../support/lives.ts';

const bell = 'bell: { driver: gpio-out, line: BELL }';
const pulse = (id: number, more = {}) =>
  JSON.stringify({ t: 'notify', id: `${id}`, src: 'ops', val: { 'on-for': '10s' }, ...more });

describe('while the disk takes its time', () => {
  it('the ttl of a command goes on: it expires, and the same id may be sent again', async () => {
    await using lives = openLives([bell]);
    await lives.boot();
    lives.platter.latencyMs = 3_000;
    lives.say('notify/bell', pulse(1, { ttl: 2_000 }));
    await lives.pass(4_000);
    expect(lives.ends(1n)).toEqual(['expired expired']);
    expect(lives.board.wire('BELL').level).toBe(0);
    lives.platter.latencyMs = 0;
    await lives.pass(4_000);
    lives.say('notify/bell', pulse(1, { ttl: 2_000 }));
    await lives.pass(100);
    expect(lives.board.wire('BELL').level).toBe(1);
  });
});
