import { describe, expect, it } from 'vitest';
import { createPublisher } from '../../../agent/documents/publisher.ts';
import { DocumentStates } from '../../../agent/documents/states.ts';
import { poolProfiles } from '../../../agent/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import type { PublishDone } from '../../../agent/mqtt/connection.ts';
import type { Link } from '../../../agent/mqtt/link.ts';
import { Outbox } from '../../../agent/mqtt/outbox.ts';
import { createPool } from '../../../agent/pool/pool.ts';
import { createIdSource } from '../../../agent/qn/snowflake.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { decodeHeard } from '../../support/heard.ts';

const epoch = 77n;

/** States at a real publisher and outbox; the broker acknowledges when the test says so. */
function openStates(profile: 'standard' | 'tiny' = 'standard') {
  const clock = createFakeClock();
  const pool = createPool(poolProfiles[profile]);
  pool.seal();
  const outbox = new Outbox(clock, pool);
  const ids = createIdSource({ clock, nodeName: 'pi-1' });
  const options = { root: 'qn/1', node: 'pi-1', encoding: () => 'json' as const, bytesMax: pool.payloadBytesMax };
  const publisher = createPublisher({ clock, log: silentLog, ids, outbox, clockQuality: () => 'boot' }, options);
  const states = new DocumentStates(epoch, publisher, outbox);
  const waiting: PublishDone[] = [];
  const told: { verb: string; retain: boolean; document: string; val: unknown; ver?: number; base?: number }[] = [];
  const link: Link = {
    isUp: true,
    counters: { connects: 1, attempts: 1, messagesIn: 0, messagesOut: 0 },
    brokers: () => [],
    publish({ topic, payload, retain }, done) {
      waiting.push(done);
      const { verb = '', document = '', message } = decodeHeard(topic, payload) ?? {};
      const { ver, base } = message ?? {};
      told.push({
        verb,
        retain,
        document,
        val: message?.val,
        ...(ver === undefined ? {} : { ver }),
        ...(base === undefined ? {} : { base }),
      });
    },
    async [Symbol.asyncDispose]() {},
  };
  const up = (receiveMaximum = 65_535) => {
    outbox.up(link, { broker: 'test', protocolVersion: 5, receiveMaximum });
    states.reannounce();
  };
  const acknowledgeAll = () => {
    while (waiting.length > 0) for (const done of waiting.splice(0)) done(ok());
  };
  return { states, outbox, told, up, acknowledgeAll };
}

describe('a change', () => {
  it('is told as retained snapshot and as delta against what was told before', () => {
    const { states, told, up } = openStates();
    states.change('a', { x: 1, y: 2 });
    up();
    states.change('a', { x: 1, y: 3 });
    expect(told).toEqual([
      { verb: 'state', retain: true, document: 'a', val: { x: 1, y: 2 }, ver: 1 },
      { verb: 'state', retain: true, document: 'a', val: { x: 1, y: 3 }, ver: 2 },
      { verb: 'delta', retain: false, document: 'a', val: { y: 3 }, ver: 2, base: 1 },
    ]);
  });

  it('to the same value is none', () => {
    const { states, told, up } = openStates();
    up();
    states.change('a', [1, { b: 2 }]);
    states.change('a', [1, { b: 2 }]);
    expect(told.filter(({ verb }) => verb === 'state')).toHaveLength(1);
  });

  it('that no merge patch can say is told as snapshot only', () => {
    const { states, told, up } = openStates();
    up();
    states.change('a', { x: 1 });
    states.change('a', { x: null }); // In a merge patch null means: take x away.
    expect(told.map(({ verb, ver }) => [verb, ver])).toEqual([
      ['state', 1],
      ['state', 2],
    ]);
  });

  it('counts versions for each document, and sequence numbers for all of them', () => {
    const { states } = openStates();
    states.change('a', 1);
    states.change('b', 1);
    states.change('a', 2);
    expect(states.snapshot('a')).toEqual({ t: 'snapshot', ep: epoch, ver: 2, lsn: 3, val: 2 });
    expect(states.snapshot('b')).toMatchObject({ ver: 1, lsn: 2 });
    expect(states.snapshot('c')).toBeUndefined();
  });
});

describe('while the outbox has no room', () => {
  it('changes are folded together, and the next delta spans them', () => {
    const { states, outbox, told, up, acknowledgeAll } = openStates();
    states.change('a', 0);
    up();
    acknowledgeAll();
    for (let count = 0; outbox.hasRoom; count += 1) {
      outbox.send({ topic: 'noise', bytes: Buffer.from('1'), qos: 1, retain: false, policy: 'keep' });
    }
    told.length = 0;
    for (const value of [1, 2, 3, 4]) states.change('a', value);
    acknowledgeAll();
    states.flush();
    const own = told.filter(({ document }) => document === 'a');
    expect(own).toEqual([
      { verb: 'state', retain: true, document: 'a', val: 4, ver: 5 },
      { verb: 'delta', retain: false, document: 'a', val: 4, ver: 5, base: 1 },
    ]);
  });

  it('a value no slot can hold does not stand in the way of the others', () => {
    const { states, told, up } = openStates('tiny');
    states.change('huge', 'x'.repeat(5_000));
    states.change('small', 1);
    up();
    expect(told.map(({ document }) => document)).toEqual(['small']);
  });
});

describe('a new connection', () => {
  it('is told every snapshot again, and no delta against what the last one was told', () => {
    const { states, outbox, told, up, acknowledgeAll } = openStates();
    up();
    states.change('a', 1);
    states.change('b', 1);
    acknowledgeAll();
    outbox.down();
    states.change('a', 2);
    told.length = 0;
    up();
    expect(told).toEqual([
      { verb: 'state', retain: true, document: 'a', val: 2, ver: 2 },
      { verb: 'state', retain: true, document: 'b', val: 1, ver: 1 },
    ]);
  });
});

describe('a value that was dropped from a full outbox', () => {
  it('is told again when there is room', () => {
    const { states, outbox, told, up, acknowledgeAll } = openStates('tiny');
    const sendKept = () => outbox.send({ topic: 't', bytes: Buffer.of(1), qos: 1, retain: false, policy: 'keep' });
    up(2); // A window of one message.
    sendKept();
    states.change('a', 1);
    const { small, large } = poolProfiles.tiny;
    for (let count = 0; count < small.quota.outbox + large.quota.outbox; count += 1) sendKept();
    expect(outbox.stats().dropped).toBeGreaterThan(0);
    acknowledgeAll();
    expect(told.filter(({ document }) => document === 'a')).toEqual([]);
    states.flush();
    acknowledgeAll();
    const snapshot = { verb: 'state', retain: true, document: 'a', val: 1, ver: 1 };
    expect(told.filter(({ document }) => document === 'a')).toEqual([snapshot]);
  });
});
