import { describe, expect, it, test } from 'vitest';
import { openLives } from '../../support/lives.ts';

const slow = 'valve: { driver: gpio-out, line: A, min-dwell: 5s }';
const hoist = ['up: U', 'down: D'].map((text) => {
  const [name = '', line = ''] = text.split(': ');
  return `${name}: { driver: gpio-out, line: ${line}, interlock: hoist, interlock-policy: switch, dead-time: 3s }`;
});
const command = (id: number, val: unknown, ttl: number) =>
  JSON.stringify({ t: 'notify', id: `${id}`, src: 'ops', val, ttl });

describe('while an output may not change yet the ttl of a command goes on', () => {
  test.for([
    ['on', 'ON'],
    ['a toggle, which is journaled', 'toggle'],
    ['a pulse', { 'on-for': '10s' }],
  ] as const)('%s expires in its min-dwell, and the same id may be sent again', async ([, value]) => {
    await using lives = openLives([slow]);
    await lives.boot(); // Opening counts as a change.
    lives.say('notify/valve', command(1, value, 2_000));
    await lives.pass(6_000);
    expect([lives.ends(1n), lives.board.wire('A').level]).toEqual([['expired expired'], 0]);
    lives.say('notify/valve', command(1, value, 2_000));
    await lives.pass(100);
    expect(lives.board.wire('A').level).toBe(1);
  });

  it('one whose ttl is longer than the wait is carried out', async () => {
    await using lives = openLives([slow]);
    await lives.boot();
    lives.say('notify/valve', command(1, 'ON', 6_000));
    await lives.pass(6_000);
    expect([lives.ends(1n), lives.board.wire('A').level]).toEqual([['successful'], 1]);
  });

  it('it expires in the dead time of a group as well, and lets go of the group', async () => {
    await using lives = openLives(hoist);
    await lives.boot();
    await lives.pass(3_000); // As if somebody had gone off before the start.
    lives.say('notify/up', 'ON');
    await lives.pass(1_000);
    lives.say('notify/down', command(1, 'ON', 1_000));
    await lives.pass(4_000);
    expect(lives.ends(1n)).toEqual(['expired expired']);
    expect(lives.board.wire('D').edges).toEqual([]);
    lives.say('notify/up', command(2, 'ON', 1_000));
    await lives.pass(100);
    expect([lives.ends(2n), lives.board.wire('U').level]).toEqual([['successful'], 1]);
  });

  it('what waits behind it has its turn', async () => {
    await using lives = openLives([slow]);
    await lives.boot();
    lives.say('notify/valve', command(1, 'ON', 1_000));
    lives.say('notify/valve', command(2, 'toggle', 60_000));
    await lives.pass(6_000);
    expect([lives.ends(1n), lives.ends(2n)]).toEqual([['expired expired'], ['successful']]);
    expect(lives.board.wire('A').level).toBe(1);
  });
});
