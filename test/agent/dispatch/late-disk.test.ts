import { describe, expect, it, test } from 'vitest';
import { openLives } from '../../support/lives.ts';

const bell = 'bell: { driver: gpio-out, line: BELL }';
const pulse = (id: number, more = {}) =>
  JSON.stringify({ t: 'notify', id: `${id}`, src: 'ops', val: { 'on-for': '10s' }, ...more });

test('what an earlier life left is not done again when the journal can be read only after newer commands', async () => {
  await using lives = openLives(['bell: { driver: gpio-out, line: BELL, resume: on }']);
  await lives.boot();
  lives.say('notify/bell', pulse(1));
  await lives.pass(100);
  lives.crash();
  lives.platter.trouble = 'io';
  await lives.boot();
  lives.say('notify/bell', '{"id":"2","val":"OFF"}');
  await lives.pass(600_000);
  expect([lives.ends(1n), lives.ends(2n)]).toEqual([[], ['successful']]);
  const edgesCount = lives.board.wire('BELL').edges.length;
  lives.platter.trouble = undefined;
  await lives.pass(62_000);
  expect(lives.agent.sources.store()?.state).toBe('working');
  expect(lives.ends(1n)).toEqual(['failed interrupted']);
  expect(lives.board.wire('BELL').edges).toHaveLength(edgesCount);
});

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

  it('a second delivery is told the end of the first one when that is durable, and not before', async () => {
    await using lives = openLives([bell]);
    await lives.boot();
    const again = async () => {
      lives.say('notify/bell', pulse(1));
      await lives.pass(100);
      return lives.heard.at(-1)?.message;
    };
    lives.say('notify/bell', pulse(1));
    await lives.pass(9_900);
    lives.platter.latencyMs = 3_000;
    await lives.pass(200);
    expect(lives.board.wire('BELL').level).toBe(0);
    expect(await again()).toMatchObject({ st: 'duplicate', val: { status: 'executing' } });
    await lives.pass(4_000);
    expect(lives.ends(1n)).toEqual(['duplicate duplicate', 'successful']);
    expect(await again()).toMatchObject({ st: 'duplicate', val: { status: 'successful' } });
  });
});
