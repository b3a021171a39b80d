import { describe, expect, it } from 'vitest';
import { formatBroker, parseBrokerUrl } from '../../../agent/mqtt/broker-endpoint.ts';

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
