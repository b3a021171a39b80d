import { describe, expect, it } from 'vitest';
import {
  connectTimeoutMs,
  memoryBrokerRetainedCountMax,
  memoryLaneCountMax,
  reconnectDelayMsMax,
  reconnectDelayMsMin,
  stableConnectionMs,
} from '../../../agent/limits.ts';
import { createMemoryBroker, type MemoryBroker } from '../../../agent/mqtt/memory-link.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { recordLink } from '../../support/link-recorder.ts';

const options = {
  clientId: 'board',
  will: { topic: 'status', payload: Buffer.from('gone'), qos: 1, retain: true },
  subscriptions: [{ filter: 'in/#', qos: 1 }],
} as const;

const message = { topic: 'out', payload: Buffer.from('x'), qos: 1, retain: false } as const;

function open(random: () => number = () => 0) {
  const clock = createFakeClock();
  const broker = createMemoryBroker({ clock, random });
  const told = recordLink();
  return { clock, broker, told, connect: () => broker.openLink(options, told.handlers) };
}

describe('the memory broker, in bad weather', () => {
  it('takes as long as its latency says, there and back', async () => {
    const { clock, broker, told, connect } = open();
    broker.setWeather({ latencyMs: 50 });
    const link = connect();
    await clock.advance(99);
    expect(told.order).toEqual([]);
    await clock.advance(1);
    expect(told.order).toEqual(['up']);
    const results: number[] = [];
    link.publish(message, () => results.push(clock.monotonicMs()));
    await clock.advance(100);
    expect(results).toEqual([200]);
  });

  it('keeps the order when the latency shrinks meanwhile', async () => {
    const { clock, broker, told, connect } = open();
    connect();
    await clock.advance(0);
    broker.setWeather({ latencyMs: 100 });
    broker.client().publish('in/a', 'first');
    broker.setWeather({ latencyMs: 0 });
    broker.client().publish('in/a', 'second');
    await clock.advance(100);
    expect(told.messages.all.map(({ text }) => text)).toEqual(['first', 'second']);
  });

  it('refuses connects until told otherwise, and the waits of the link grow', async () => {
    const { clock, broker, told, connect } = open(() => 1 - Number.EPSILON);
    broker.setWeather({ refusesConnects: true });
    const link = connect();
    await clock.advance(0);
    expect(clock.timersCount).toBe(1); // the back-off, not the deadline of what already failed
    await clock.advance(reconnectDelayMsMin * (3 + 9 + 27));
    expect(link.counters.attempts).toBe(4);
    expect(told.troubles.all.every(({ kind }) => kind === 'refused')).toBe(true);
    broker.setWeather({ refusesConnects: false });
    await clock.advance(reconnectDelayMsMax);
    expect(link.isUp).toBe(true);
  });

  it('that never answers is given up after the deadline', async () => {
    const { clock, broker, told, connect } = open();
    broker.setWeather({ ignoresConnects: true });
    connect();
    await clock.advance(connectTimeoutMs - 1);
    expect(told.order).toEqual([]);
    await clock.advance(1);
    expect(told.troubles.all).toMatchObject([{ kind: 'timeout' }]);
  });

  it('that accepts and drops at once is not asked ever faster', async () => {
    const { clock, broker, told, connect } = open(() => 1 - Number.EPSILON);
    const link = connect();
    const dropAtOnce = async (downs: number) => {
      while (told.downs.all.length < downs) {
        if (link.isUp) broker.drop();
        await clock.advance(100);
      }
    };
    await dropAtOnce(5);
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(reconnectDelayMsMin * (3 + 9 + 27 + 81));
  });

  it('is asked soon again after a connection that held', async () => {
    const { clock, broker, connect } = open();
    const link = connect();
    await clock.advance(stableConnectionMs);
    broker.drop('board');
    expect(link.isUp).toBe(false);
    await clock.advance(0);
    expect(clock.timersCount).toBe(1); // the back-off, nothing of the old connection
    await clock.advance(reconnectDelayMsMin);
    expect(link.isUp).toBe(true);
    expect(broker.connectsCount).toBe(2);
  });

  it('keeps acknowledgements back, but delivers', async () => {
    const { clock, broker, connect } = open();
    const other = broker.client();
    other.subscribe('out');
    const link = connect();
    await clock.advance(0);
    broker.setWeather({ holdsAcks: true });
    const results: boolean[] = [];
    link.publish(message, ({ ok }) => results.push(ok));
    await clock.advance(60_000);
    expect([other.arrived.length, results]).toEqual([1, []]);
    broker.setWeather({ holdsAcks: false });
    await clock.advance(0);
    expect(results).toEqual([true]);
  });

  it('delivers QoS 1 twice, the second time flagged', async () => {
    const { clock, broker, told, connect } = open();
    connect();
    await clock.advance(0);
    broker.setWeather({ duplicates: true });
    broker.client().publish('in/a', 'x', { qos: 1 });
    broker.client().publish('in/a', 'y', { qos: 0 });
    await clock.advance(0);
    expect(told.messages.all.map(({ text, duplicate }) => [text, duplicate])).toEqual([
      ['x', false],
      ['x', true],
      ['y', false],
    ]);
  });

  it('delivers QoS 2 once, and tells who asks when it is kept, over the same connection', async () => {
    const { clock, broker, told } = open();
    broker.openLink({ ...options, subscriptions: [{ filter: 'in/#', qos: 2 }] }, told.handlers);
    await clock.advance(0);
    broker.setWeather({ duplicates: true });
    let receivedCount = 0;
    const send = () => broker.client().publish('in/a', 'x', { qos: 2, received: () => void (receivedCount += 1) });
    send();
    await clock.advance(0);
    expect(told.messages.all).toMatchObject([{ text: 'x', qos: 2, duplicate: false }]);
    expect(receivedCount).toBe(0);
    told.messages.all[0]?.kept?.();
    await clock.advance(0);
    expect(receivedCount).toBe(1);
    send();
    await clock.advance(0);
    broker.drop();
    told.messages.all[1]?.kept?.();
    await clock.advance(0);
    expect(receivedCount).toBe(1);
  });

  it('may send what is retained before the link is up', async () => {
    const { clock, broker, told } = open();
    broker.client().publish('in/a', 'old', { retain: true });
    broker.setWeather({ retainedFirst: true });
    const seen: string[] = [];
    broker.openLink(options, {
      ...told.handlers,
      onUp: () => seen.push('up'),
      onMessage: () => seen.push('message'),
    });
    await clock.advance(0);
    expect(seen).toEqual(['message', 'up']);
  });

  it('spoils a payload that was kept beyond the call', async () => {
    const { clock, broker, told } = open();
    const kept: Uint8Array[] = [];
    broker.openLink(options, { ...told.handlers, onMessage: ({ payload }) => kept.push(payload) });
    await clock.advance(0);
    broker.client().publish('in/a', 'secret');
    await clock.advance(0);
    expect(kept).toHaveLength(1);
    expect([...kept[0]!]).toEqual(Array(6).fill(0xdb));
  });

  it('cuts the older of two links with the same client id, which then leaves its will', async () => {
    const { clock, broker, told, connect } = open();
    const watcher = broker.client();
    watcher.subscribe('status');
    connect();
    await clock.advance(0);
    const second = broker.openLink(options, recordLink().handlers);
    await clock.advance(0);
    expect(told.downs.all[0]?.detail).toContain('another client took the id board');
    expect(second.isUp).toBe(true);
    expect(watcher.arrived).toHaveLength(1);
    expect(broker.connectedIds).toEqual(['board']);
  });

  it('refuses a filter that is none, and grants the others', async () => {
    const { clock, broker, told } = open();
    const subscriptions = [
      { filter: 'a/#/b', qos: 1 },
      { filter: 'in/#', qos: 1 },
    ] as const;
    broker.openLink({ ...options, subscriptions }, told.handlers);
    await clock.advance(0);
    expect(told.order).toEqual(['trouble', 'up']);
    expect(told.troubles.all[0]).toMatchObject({ kind: 'subscribe', detail: expect.stringContaining('a/#/b') });
    broker.client().publish('in/a', 'x');
    await clock.advance(0);
    expect(told.messages.all).toHaveLength(1);
  });

  it('drops what a slow client has no room for, and goes on', async () => {
    const { clock, broker, told, connect } = open();
    connect();
    await clock.advance(0);
    const client = broker.client();
    for (let count = 0; count < memoryLaneCountMax + 1; count += 1) client.publish('in/a', String(count));
    await clock.advance(0);
    expect(told.messages.all).toHaveLength(memoryLaneCountMax);
    client.publish('in/a', 'after');
    await clock.advance(0);
    expect(told.messages.all.at(-1)?.text).toBe('after');
  });

  it('refuses to retain more topics than it has room for', async () => {
    const { clock, broker, connect } = open();
    const client = broker.client();
    for (let count = 0; count < memoryBrokerRetainedCountMax; count += 1) retain(broker, `t/${count}`, 'x');
    const link = connect();
    await clock.advance(0);
    const results: string[] = [];
    const publish = (topic: string) =>
      link.publish({ ...message, topic, retain: true }, (result) => results.push(result.ok ? 'ok' : result.error.kind));
    publish('t/0');
    publish('one/more');
    await clock.advance(0);
    retain(broker, 't/1', '');
    publish('one/more');
    await clock.advance(0);
    expect(results).toEqual(['ok', 'protocol', 'ok']);
    client.subscribe('one/more');
    expect(client.arrived).toHaveLength(1);
  });
});

function retain(broker: MemoryBroker, topic: string, payload: string): void {
  broker.client().publish(topic, payload, { retain: true });
}
