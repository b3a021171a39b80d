import { describe, expect, it } from 'vitest';
import { logBurstCount, logKeysMax, logQuietMs, logTailBytesMax, logTailCount } from '../../../agent/limits.ts';
import { type LogLevel, openLog } from '../../../agent/log.ts';
import { LogKeeper } from '../../../agent/observe/log-keeper.ts';
import { LogSampling } from '../../../agent/observe/log-sampling.ts';
import { LogTail } from '../../../agent/observe/log-tail.ts';
import { redact } from '../../../agent/observe/redact.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const identity = { service: 'qn-agent', env: 'test-bench', node: 'pi-1' };

function open(level: LogLevel = 'info') {
  const clock = createFakeClock();
  const written: string[] = [];
  const log = openLog(level, identity, clock, { write: (line) => void written.push(line) });
  return { clock, log, lines: () => written.map((line) => JSON.parse(line)) };
}

describe('a line of the log', () => {
  it('says who, what, and where in the log of the node', () => {
    const { log, lines } = open();
    log.follow(() => 42);
    log.warn({ kind: 'closed', tr: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }, 'connection lost');
    expect(lines()).toEqual([
      {
        ...identity,
        level: 'warn',
        time: expect.any(Number),
        event: 'connection-lost',
        message: 'connection lost',
        lsn: 42,
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        span_id: 'b7ad6b7169203331',
        kind: 'closed',
      },
    ]);
  });

  it('has no trace where what came is none, and big numbers as text', () => {
    const { log, lines } = open();
    log.info({ tr: 'nonsense', id: 7n }, 'message refused');
    expect(lines()[0]).toMatchObject({ id: '7' });
    expect(Object.keys(lines()[0])).not.toEqual(expect.arrayContaining(['trace_id']));
  });

  it('is written from the level on, which can be changed', () => {
    const { log, lines } = open();
    log.debug({}, 'a');
    log.setLevel('debug');
    log.debug({}, 'b');
    log.setLevel('error');
    log.warn({}, 'c');
    expect([log.level, lines().map(({ message }) => message)]).toEqual(['error', ['b']]);
  });

  it.each([
    ['a password by its name', { password: 'hunter2' }],
    ['one further inside', { mqtt: { brokers: [{ url: 'mqtt://h', token: 'hunter2' }] } }],
    ['one in a url', { detail: 'cannot reach mqtts://me:hunter2@broker:8883' }],
    ['a header', { detail: 'sent Authorization: Bearer hunter2hunter2' }],
    ['a key', { err: new Error('-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----') }],
  ])('does not hold %s', (_what, fields) => {
    const { log, lines } = open();
    log.error(fields, 'went wrong');
    expect(JSON.stringify(lines())).not.toContain('hunter2');
    expect(JSON.stringify(lines())).toContain('[secret]');
  });

  it('holds what is no secret as it is', () => {
    const fields = { document: 'gpio.key1', keys: 3, detail: 'mqtt://broker:1883 refused', list: [1, 'a', null] };
    expect(redact(fields)).toEqual(fields);
  });

  it('holds nothing up, whatever a stranger made of a text', () => {
    const sinceMs = performance.now();
    const texts = ['a.', 'a://', 'Bearer ', '-----BEGIN A', '://b@'].map((part) => part.repeat(65_536 / part.length));
    redact({ texts });
    expect(performance.now() - sinceMs).toBeLessThan(1_000);
  });
});

describe('a line that comes again and again', () => {
  const taken = (sampling: LogSampling, count: number, level: LogLevel = 'warn') =>
    Array.from({ length: count }, () => sampling.take(level, 'cannot connect yet'));

  it('is written ever more rarely, with how many were left out', () => {
    const sampling = new LogSampling(createFakeClock());
    const told = taken(sampling, logBurstCount * 8).flatMap((leftOut, index) =>
      leftOut === undefined ? [] : [[index + 1, leftOut]],
    );
    expect(told.slice(0, logBurstCount)).toEqual(Array.from({ length: logBurstCount }, (_, index) => [index + 1, 0]));
    expect(told.slice(logBurstCount)).toEqual([
      [logBurstCount * 2, logBurstCount - 1],
      [logBurstCount * 4, logBurstCount * 2 - 1],
      [logBurstCount * 8, logBurstCount * 4 - 1],
    ]);
  });

  it('is always written when it is an error', () => {
    const sampling = new LogSampling(createFakeClock());
    expect(taken(sampling, 1_000, 'error')).toEqual(Array.from({ length: 1_000 }, () => 0));
  });

  it('begins anew after a while of silence, and tells what was left out before', async () => {
    const clock = createFakeClock();
    const sampling = new LogSampling(clock);
    taken(sampling, logBurstCount + 5);
    await clock.advance(logQuietMs + 1);
    expect(taken(sampling, 2)).toEqual([5, 0]);
  });

  it('is told apart from others, of which there is a bound', () => {
    const sampling = new LogSampling(createFakeClock());
    taken(sampling, logBurstCount + 1);
    expect(sampling.take('warn', 'another')).toBe(0);
    for (let count = 0; count < logKeysMax; count += 1) sampling.take('warn', `line ${count}`);
    expect(taken(sampling, 1)).toEqual([0]);
  });
});

describe('the tail of the log', () => {
  it('keeps so many lines, and so many bytes', () => {
    const tail = new LogTail();
    for (let count = 1; count <= logTailCount + 1; count += 1) tail.add(`{"n":${count}}`);
    expect([tail.read(0, 1e9).length, tail.read(0, 1e9)[0]?.number, tail.last]).toEqual([
      logTailCount,
      2,
      logTailCount + 1,
    ]);
    const large = new LogTail();
    for (let count = 0; count < 3; count += 1) large.add('x'.repeat(logTailBytesMax / 2));
    expect(large.read(0, 1e9).map(({ number }) => number)).toEqual([2, 3]);
  });

  it('gives the latest that fit, behind the one the reader has', () => {
    const tail = new LogTail();
    for (let count = 0; count < 10; count += 1) tail.add('0123456789');
    expect(tail.read(0, 40).map(({ number }) => number)).toEqual([8, 9, 10]);
    expect(tail.read(9, 1_000).map(({ number }) => number)).toEqual([10]);
    expect(tail.read(10, 1_000)).toEqual([]);
  });
});

describe('the document log', () => {
  function openKeeper() {
    const { clock, log } = open();
    const told: Value[] = [];
    const configured = { level: 'info' as LogLevel };
    const changed = (value: Value) => void told.push(value);
    const keeper = new LogKeeper({ clock, book: log, configured: () => configured.level, changed });
    return { clock, log, told, keeper, configured };
  }

  it('takes a level for a while, and then it is as configured', async () => {
    const { clock, log, told, keeper } = openKeeper();
    expect(keeper.change({ level: 'debug', for: '5m' })).toEqual({ ok: true });
    expect([log.level, told.at(-1)]).toEqual(['debug', { level: 'debug', until: clock.wallMs() + 300_000 }]);
    await clock.advance(300_000);
    expect([log.level, told.at(-1), clock.timersCount]).toEqual(['info', { level: 'info' }, 0]);
  });

  it('takes the bare level, and the latest counts', async () => {
    const { clock, log, keeper } = openKeeper();
    keeper.change('debug');
    await clock.advance(500_000);
    keeper.change('warn');
    await clock.advance(500_000);
    expect(log.level).toBe('warn');
    await clock.advance(100_000);
    expect(log.level).toBe('info');
  });

  it.each([['trace'], [{ level: 'debug', for: '2d' }], [{ level: 'debug', for: 'long' }], [7], [{}], [null]])(
    'refuses %j and changes nothing',
    (value) => {
      const { log, keeper } = openKeeper();
      expect(keeper.change(value)).toMatchObject({ ok: false, error: { reason: 'out-of-range' } });
      expect(log.level).toBe('info');
    },
  );

  it('follows a changed config', () => {
    const { log, keeper, configured } = openKeeper();
    configured.level = 'error';
    keeper.reset();
    expect(log.level).toBe('error');
  });
});
