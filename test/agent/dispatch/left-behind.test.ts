import { describe, expect, it } from 'vitest';
import type { Message } from '../../../agent/qn/message.ts';
import { type Lives, openLives } from '../../support/lives.ts';

const bell = 'bell: { driver: gpio-out, line: BELL }';
const steadyBell = 'bell: { driver: gpio-out, line: BELL, resume: on }';
const line = (more = '') => `line: { driver: serial-line, port: /dev/ttyS0, append: "\\n"${more} }`;
const pulse = (id: number, more = {}) =>
  JSON.stringify({ t: 'notify', id: `${id}`, src: 'ops', val: { 'on-for': '10s' }, ...more });
const text = (id: number, val: string, more = {}) =>
  JSON.stringify({ t: 'notify', id: `${id}`, src: 'ops', val, ...more });

function lastAck({ heard }: Lives, id: bigint, topic?: string): Message | undefined {
  return heard
    .filter(({ message, ...at }) => message.t === 'ack' && message.id === id && (topic ?? at.topic) === at.topic)
    .at(-1)?.message;
}

/** The agent dies with the first command executing and the second one accepted, as far as the disk knows. */
async function dieBetween(lives: Lives): Promise<void> {
  lives.platter.latencyMs = 40;
  lives.say('notify/line', text(1, 'one', { reply: 'ops/one' }));
  lives.say('notify/line', text(2, 'two', { reply: 'ops/two' }));
  await lives.pass(60);
  lives.crash();
  lives.platter.latencyMs = 0;
}

describe('what was under way when the agent died', () => {
  it('ends interrupted when it had begun, with the boot id of that life, also on its reply topic', async () => {
    await using lives = openLives([bell]);
    await lives.boot();
    const { boot } = lives.agent;
    lives.say('notify/bell', pulse(7), {
      properties: { responseTopic: 'ops/answers', correlationData: Buffer.from('who') },
    });
    await lives.pass(100);
    expect(lives.board.wire('BELL').level).toBe(1);
    expect(lastAck(lives, 7n)).toMatchObject({ st: 'executing' });
    lives.crash();
    await lives.boot();
    const detail: unknown = expect.stringContaining('not known');
    const told = { st: 'failed', why: 'interrupted', detail, val: { boot: boot.toString(), begun: true } };
    expect(lastAck(lives, 7n, 'qn/1/pi-1/ack/bell')).toMatchObject(told);
    expect(lastAck(lives, 7n, 'ops/answers')).toMatchObject(told);
    expect(lives.board.wire('BELL').level).toBe(0);
    lives.say('notify/bell', pulse(7));
    await lives.pass(100);
    expect(lastAck(lives, 7n)).toMatchObject({ st: 'duplicate', val: { status: 'failed', reason: 'interrupted' } });
    expect(lives.board.wire('BELL').level).toBe(0);
  });

  it('is answered in the encoding of the question', async () => {
    await using lives = openLives(['bell: { driver: gpio-out, line: BELL, number: 3, once: on, min-dwell: 10s }']);
    await lives.boot();
    // Kind 4 with a bool, ack wanted, channel 3, id 9, value 1 (QN-3.3): waits for the shortest time between changes.
    const compact = Buffer.from('5141040003000000090000000000000001', 'hex');
    lives.say('notify/bell', compact.toString('latin1'));
    await lives.pass(100);
    lives.crash();
    await lives.boot();
    expect(lives.heard.filter(({ message }) => message.t === 'ack' && message.id === 9n).at(-1)?.bytes.byteLength).toBe(
      17,
    );
    expect(lastAck(lives, 9n)).toMatchObject({ st: 'failed', why: 'interrupted' });
  });

  it('did nothing when it had not begun, and that is told', async () => {
    await using lives = openLives([line()]);
    await lives.boot();
    await dieBetween(lives);
    await lives.boot();
    await lives.pass(1_000);
    expect([...lives.device.effects]).toEqual([['one', 1]]);
    expect(lastAck(lives, 1n, 'ops/one')).toMatchObject({ why: 'interrupted', val: { begun: true } });
    expect(lastAck(lives, 2n, 'ops/two')).toMatchObject({ why: 'interrupted', val: { begun: false } });
    expect(lastAck(lives, 2n)?.detail).toContain('nothing was done');
    lives.say('notify/line', text(2, 'two'));
    await lives.pass(100);
    expect(lives.ends(2n).at(-1)).toBe('duplicate duplicate'); // One id, one end.
    expect([...lives.device.effects]).toEqual([['one', 1]]);
  });

  it('is done again where the document says so, in order, and told where it was asked', async () => {
    await using lives = openLives([line(', resume: on')]);
    await lives.boot();
    const { boot } = lives.agent;
    await dieBetween(lives);
    await lives.boot();
    await lives.pass(1_000);
    expect([...lives.device.effects]).toEqual([
      ['one', 2],
      ['two', 1],
    ]);
    const told = { st: 'successful', val: { boot: boot.toString(), begun: true } };
    expect(lastAck(lives, 1n, 'ops/one')).toMatchObject(told);
    expect(lastAck(lives, 2n, 'ops/two')).toMatchObject({ ...told, val: { begun: false } });
    expect([1n, 2n].map(lives.ends)).toEqual([['successful'], ['successful']]);
    const { received, successful } = lives.agent.sources.dispatch();
    expect([received, successful]).toEqual([2, 2]);
  });

  it('is not done again when it ended while the disk was coming back', async () => {
    await using lives = openLives([steadyBell, line()]);
    await lives.boot();
    lives.say('notify/bell', pulse(7));
    await lives.pass(8_300);
    lives.platter.trouble = 'io';
    lives.say('notify/line', text(8, 'lost'));
    await lives.pass(100);
    Object.assign(lives.platter, { trouble: undefined, latencyMs: 500 });
    await lives.pass(1_800); // The disk was read, and is being written.
    expect([lives.ends(7n), lives.agent.sources.store()?.state]).toEqual([['successful'], 'io']);
    await lives.pass(2_000);
    lives.platter.latencyMs = 0;
    await lives.pass(1_000);
    expect(lives.agent.sources.store()?.state).toBe('working');
    lives.crash();
    await lives.boot();
    await lives.pass(1_000);
    expect(lives.board.wire('BELL').level).toBe(0);
    expect(lives.ends(7n)).toEqual(['successful']);
  });

  it('is not done again when its time to live is over by then, and is where some of it is left', async () => {
    await using lives = openLives([line(', resume: on')]);
    await lives.boot();
    lives.platter.latencyMs = 40;
    lives.say('notify/line', text(1, 'one'));
    lives.say('notify/line', text(2, 'two', { ttl: 2_000 }));
    lives.say('notify/line', text(3, 'three', { ttl: 60_000 }));
    await lives.pass(60);
    lives.crash();
    lives.platter.latencyMs = 0;
    await lives.pass(5_000);
    await lives.boot();
    await lives.pass(1_000);
    expect(Object.fromEntries(lives.device.effects)).toEqual({ one: 2, three: 1 });
    expect([2n, 3n].map(lives.ends)).toEqual([['failed expired'], ['successful']]);
  });

  it('is not done again when it has a time to live, and the clock is behind the time at which it came', async () => {
    await using lives = openLives([line(', resume: on')]);
    lives.clock.stepWall(3_600_000);
    await lives.boot();
    lives.platter.latencyMs = 40;
    lives.say('notify/line', text(1, 'one'));
    lives.say('notify/line', text(2, 'two', { ttl: 60_000, ts: lives.clock.wallMs(), clk: 'synced' }));
    await lives.pass(60);
    lives.crash();
    lives.platter.latencyMs = 0;
    lives.clock.stepWall(-1_800_000); // As after a power cut of any length, on a board without a battery.
    await lives.boot();
    await lives.pass(1_000);
    expect([...lives.device.effects]).toEqual([['one', 2]]);
    expect(lives.ends(2n)).toEqual(['failed expired']);
  });

  it('is given up when the agent died three times while it was', async () => {
    await using lives = openLives([steadyBell]);
    await lives.boot();
    lives.say('notify/bell', pulse(7));
    await lives.pass(100);
    for (let death = 1; death <= 2; death += 1) {
      lives.crash();
      await lives.boot();
      expect([death, lives.board.wire('BELL').level, lives.ends(7n)]).toEqual([death, 1, []]);
    }
    lives.crash();
    await lives.boot();
    expect([lives.board.wire('BELL').level, lives.ends(7n)]).toEqual([0, ['failed interrupted']]);
    expect(lastAck(lives, 7n)?.detail).toContain('again and again');
    lives.crash();
    await lives.boot();
    expect(lives.board.wire('BELL').level).toBe(0);
  });
});

describe('once', () => {
  const effectsAfter = async (documents: readonly string[], say: (lives: Lives) => void) => {
    await using lives = openLives(documents);
    await lives.boot();
    say(lives);
    await lives.pass(100);
    lives.crash();
    await lives.boot();
    say(lives);
    await lives.pass(100);
    return { effects: [...lives.device.effects], ends: lives.ends(1n) };
  };

  it('on has every command of the document journaled', async () => {
    const on = (lives: Lives) => lives.say('notify/bell', '{"t":"notify","id":"1","src":"ops","val":"ON"}');
    expect((await effectsAfter([bell], on)).ends).toEqual(['successful', 'successful']);
    const journaled = await effectsAfter(['bell: { driver: gpio-out, line: BELL, once: on }'], on);
    expect(journaled.ends).toEqual(['successful', 'duplicate duplicate']);
  });

  it('off has none of them journaled', async () => {
    const write = (lives: Lives) => lives.say('notify/line', text(1, 'one'));
    expect((await effectsAfter([line()], write)).effects).toEqual([['one', 1]]);
    expect((await effectsAfter([line(', once: off')], write)).effects).toEqual([['one', 2]]);
  });
});

describe('while the disk does not work', () => {
  it('what must not be done twice is refused, and all else goes on', async () => {
    await using lives = openLives([line(), bell]);
    await lives.boot();
    lives.platter.trouble = 'read-only';
    lives.say('notify/line', text(1, 'one')); // Nobody knows of the trouble yet.
    await lives.pass(10);
    lives.say('notify/line', text(2, 'two'));
    lives.say('notify/bell', '{"t":"notify","id":"3","src":"ops","val":"ON"}');
    lives.say('notify/line', JSON.stringify('without an id'));
    await lives.pass(100);
    expect([1n, 2n, 3n].map(lives.ends)).toEqual([['failed not-durable'], ['rejected not-durable'], ['successful']]);
    expect(lastAck(lives, 2n)?.detail).toContain('without-journal');
    expect([...lives.device.effects]).toEqual([['without an id', 1]]);
    expect(lives.board.wire('BELL').level).toBe(1);
    lives.platter.trouble = undefined;
    await lives.pass(5_000);
    lives.say('notify/line', text(2, 'two')); // It was refused: the same id may be tried again.
    lives.say('notify/line', text(1, 'one')); // This one was accepted once, and ended.
    await lives.pass(100);
    expect([1n, 2n].map(lives.ends)).toEqual([
      ['failed not-durable', 'duplicate duplicate'],
      ['rejected not-durable', 'successful'],
    ]);
    expect(lives.device.effects.get('one')).toBe(undefined);
  });

  it('it is done all the same where the document says so', async () => {
    await using lives = openLives([line(', without-journal: act')]);
    await lives.boot();
    lives.platter.trouble = 'full';
    lives.say('notify/line', text(1, 'one'));
    await lives.pass(10);
    lives.say('notify/line', text(2, 'two'));
    lives.say('notify/line', text(2, 'two'));
    await lives.pass(100);
    expect([...lives.device.effects]).toEqual([
      ['one', 1],
      ['two', 1],
    ]);
    expect([1n, 2n].map(lives.ends)).toEqual(
      [['successful'], ['successful', 'duplicate duplicate']].map((ends) => expect.arrayContaining(ends)),
    );
  });
});
