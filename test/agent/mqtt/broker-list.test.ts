import { describe, expect, it } from 'vitest';
import { brokersMax, protocolRetryCount } from '../../../agent/limits.ts';
import { type BrokerEndpoint, formatBroker, parseBrokerUrl } from '../../../agent/mqtt/broker-endpoint.ts';
import { createBrokerList } from '../../../agent/mqtt/broker-list.ts';

const broker = (host: string, weight: number, more: Partial<BrokerEndpoint> = {}): BrokerEndpoint => ({
  protocol: 'mqtt',
  host,
  port: 1883,
  weight,
  ...more,
});

describe('the list of brokers', () => {
  it('begins with the heaviest and goes on to the next after each failure, round and round', () => {
    const list = createBrokerList([broker('light', 1), broker('heavy', 9), broker('also-light', 1)]);
    const hosts = [0, 1, 2, 3].map(() => {
      const { host } = list.target.endpoint;
      list.failed();
      return host;
    });
    expect(hosts).toEqual(['heavy', 'light', 'also-light', 'heavy']);
  });

  it('begins again with the heaviest after a good connection was lost', () => {
    const list = createBrokerList([broker('heavy', 9), broker('light', 1)]);
    list.failed();
    list.cameUp();
    list.lost();
    expect(list.target.endpoint.host).toBe('heavy');
  });

  it('asks in 3.1.1 at once where 5 was refused, and remembers it for that broker only', () => {
    const list = createBrokerList([broker('old', 9), broker('new', 1)]);
    expect(list.target.protocolVersion).toBe(5);
    expect(list.refusedVersion()).toBe(true);
    expect(list.target).toMatchObject({ endpoint: { host: 'old' }, protocolVersion: 4 });
    list.failed();
    expect(list.target).toMatchObject({ endpoint: { host: 'new' }, protocolVersion: 5 });
    list.failed();
    expect(list.target.protocolVersion).toBe(4);
  });

  it('does not go round in circles with a broker that refuses both', () => {
    const list = createBrokerList([broker('odd', 1)]);
    expect([list.refusedVersion(), list.refusedVersion()]).toEqual([true, false]);
    expect(list.target.protocolVersion).toBe(5);
    const pair = createBrokerList([broker('odd', 9), broker('good', 1)]);
    expect([pair.refusedVersion(), pair.refusedVersion()]).toEqual([true, false]);
    expect(pair.target.endpoint.host).toBe('good');
  });

  it('tries 5 again after enough failed connects, counted since the last good one', () => {
    const list = createBrokerList([broker('old', 1)]);
    list.refusedVersion();
    for (let count = 0; count < protocolRetryCount - 1; count += 1) list.failed();
    expect(list.target.protocolVersion).toBe(4);
    list.cameUp();
    for (let count = 0; count < protocolRetryCount - 1; count += 1) list.failed();
    expect(list.target.protocolVersion).toBe(4);
    list.failed();
    expect(list.target.protocolVersion).toBe(5);
  });

  it('never changes a version that was fixed', () => {
    const list = createBrokerList([broker('fixed', 1, { protocolVersion: 4 })]);
    expect(list.refusedVersion()).toBe(false);
    for (let count = 0; count < protocolRetryCount; count += 1) list.failed();
    expect(list.target.protocolVersion).toBe(4);
  });

  it('holds one to brokersMax brokers', () => {
    expect(() => createBrokerList([])).toThrow('not 0');
    const many = Array.from({ length: brokersMax + 1 }, (_, index) => broker(`b${index}`, 1));
    expect(() => createBrokerList(many)).toThrow(`not ${brokersMax + 1}`);
    expect(createBrokerList(many.slice(1)).target.endpoint.host).toBe('b1');
  });
});

describe('the URL of a broker', () => {
  it.each([
    ['mqtt://broker.example', 'mqtt://broker.example:1883'],
    ['mqtts://broker.example', 'mqtts://broker.example:8883'],
    ['mqtt://127.0.0.1:1884/', 'mqtt://127.0.0.1:1884'],
    ['mqtts://[::1]:1', 'mqtts://[::1]:1'],
  ])('%s is %s', (text, formatted) => {
    const parsed = parseBrokerUrl(text);
    expect(parsed && formatBroker({ ...parsed, weight: 1 })).toBe(formatted);
  });

  it.each([
    '',
    'http://a',
    'mqtt://',
    'mqtt://user:secret@a',
    'mqtt://a/path',
    'mqtt://a:0',
    'mqtt://a:65536',
    'a:1883',
  ])('is not %j', (text) => expect(parseBrokerUrl(text)).toBeUndefined());
});
