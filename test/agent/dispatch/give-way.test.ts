import { describe, expect, it } from 'vitest';
import { openLives } from '../../support/lives.ts';

const bell = 'bell: { driver: gpio-out, line: BELL }';
const pulse = '{"t":"notify","id":"1","src":"ops","val":{"on-for":"10s"}}';

describe('a pulse that begins when a later command waits already ends superseded, and does not hold that up', () => {
  it('where it waited for the disk', async () => {
    await using lives = openLives([bell]);
    await lives.boot();
    lives.platter.latencyMs = 300;
    lives.say('notify/bell', pulse);
    await lives.pass(100);
    expect(lives.board.wire('BELL').level).toBe(0);
    lives.say('notify/bell', '{"id":"2","val":"OFF"}');
    await lives.pass(1_000);
    expect(lives.board.wire('BELL').level).toBe(0);
    expect([lives.ends(1n), lives.ends(2n)]).toEqual([['superseded'], ['successful']]);
  });

  it('where both came in one turn, behind another pulse', async () => {
    await using lives = openLives([bell]);
    await lives.boot();
    lives.say('notify/bell', '{"on-for":"5s"}');
    await lives.pass(100);
    for (const text of ['{"on-for":"20s"}', '{"id":"2","val":"OFF"}']) lives.say('notify/bell', text);
    await lives.pass(100);
    expect(lives.board.wire('BELL').level).toBe(0);
    expect(lives.ends(2n)).toEqual(['successful']);
    expect(lives.agent.sources.dispatch()).toMatchObject({ received: 3, superseded: 2, successful: 1 });
  });
});

describe('an emergency stop', () => {
  it('is not turned away because others wait for its output, and takes their place', async () => {
    await using lives = openLives(['pump: { driver: gpio-out, line: PUMP, min-dwell: 10s, priority: emergency }']);
    await lives.boot();
    for (let id = 1; id <= 20; id += 1) lives.say('notify/pump', `{"id":"${id}","val":"ON"}`);
    await lives.pass(100);
    lives.say('notify/pump', '{"id":"99","val":"OFF"}');
    await lives.pass(100);
    expect(lives.ends(99n)).toEqual(['successful']);
    await lives.pass(20_000);
    expect(lives.board.wire('PUMP').edges).toEqual([]);
    expect(lives.ends(1n)).toEqual(['superseded']);
    expect(lives.agent.sources.dispatch()).toMatchObject({ received: 21, superseded: 17, successful: 1 });
  });
});
