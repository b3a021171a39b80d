import { describe, expect, it } from 'vitest';
import { messageDepthMax } from '../../../agent/limits.ts';
import { jsonCodec } from '../../../agent/qn/json-codec.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { utf8 } from './vectors.ts';

const context = { nowMs: 0 };

function decode(text: string) {
  return jsonCodec.decode(utf8(text), context);
}

function nested(levels: number): string {
  return `{"t":"event","val":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
}

describe('a JSON message', () => {
  it('may be nested to the limit and not one level more', () => {
    expect(decode(nested(messageDepthMax)).ok).toBe(true);
    const detail = `nested deeper than 16 levels at byte ${19 + 15}`;
    expect(decode(nested(messageDepthMax + 1))).toEqual({ ok: false, error: { reason: 'malformed', detail } });
  });

  it('may have any number of brackets inside text', () => {
    expect(decode(`{"t":"event","val":"${'[{\\"'.repeat(50)}"}`).ok).toBe(true);
  });

  it.each([
    ['{"t":"event","val":tru}', 'not JSON at byte 23'],
    ['{"ü":1,}', 'not JSON at byte 8'],
    ['{"t":"event"', 'not JSON at byte 12'],
    ['[1]', 'a message is a JSON object'],
    ['{"t":"event","val":1e999}', 'field val: expected finite numbers'],
    ['{"t":"event","val":"\\ud800"}', 'well-formed text'],
    ['{"t":"event","val":{"$b64":"A"}}', 'base64'],
    ['{"t":"event","val":{"$b64":"AB=="}}', 'base64'],
    ['{"t":"event","val":{"$b64":7}}', 'base64'],
    ['{"t":"event"}', 'field val is missing: event needs it'],
    ['{"t":"ack"}', 'field st is missing: ack needs it'],
    ['{"val":1}', 'field t is missing'],
    ['{"t":"event","val":1,"x":"\\udc00"}', 'unknown field "x"'],
    ['{"t":"event","val":1,"vc":{"a":-1}}', 'field vc: expected an object'],
    ['{"t":"event","val":1,"vc":[1]}', 'field vc: expected an object'],
    ['{"t":"event","val":1,"step":-0.5}', 'field step: expected a number'],
    ['{"t":"event","val":1,"why":"because"}', 'field why: expected one of malformed'],
    ['{"t":"event","val":1,"src":7}', 'field src: expected well-formed text'],
    [`{"t":"event","val":1,"src":"${'ü'.repeat(65)}"}`, 'field src: expected well-formed text of at most 128 bytes'],
    ['{"t":"event","val":1,"ep":5}', 'field ep: expected an unsigned integer of 64 bits'],
  ])('%s is refused with words', (text, words) => {
    const result = decode(text);
    expect(result).toMatchObject({ ok: false, error: { reason: 'malformed' } });
    expect(result.ok ? '' : result.error.detail).toContain(words);
  });

  it.each(['+5', '-5', '05x', ' 5', '5.0', '', '18446744073709551616', '999999999999999999999'])(
    'takes no id "%s"',
    (id) => {
      expect(decode(JSON.stringify({ t: 'event', val: 1, id }))).toMatchObject({ error: { reason: 'malformed' } });
    },
  );

  it('takes the largest id', () => {
    const id = '18446744073709551615';
    expect(decode(JSON.stringify({ t: 'event', val: 1, id }))).toMatchObject({ value: { id: 2n ** 64n - 1n } });
  });

  it('is refused with its id when another field is wrong', () => {
    expect(decode('{"t":"event","val":1,"id":"77","pri":4}')).toMatchObject({
      error: { reason: 'malformed', id: 77n },
    });
    expect(decode('{"t":"order","id":"77"}')).toMatchObject({ error: { reason: 'unknown-type', id: 77n } });
    expect(decode('{"t":"ack","id":"77"}')).toMatchObject({ error: { reason: 'malformed', id: 77n } });
  });

  it('of a kind that contradicts the topic is refused with both', () => {
    const result = jsonCodec.decode(utf8('{"t":"query","id":"7"}'), { ...context, kind: 'event' });
    const detail = 'a message of kind query came where only event is taken';
    expect(result).toEqual({ ok: false, error: { reason: 'unsupported', detail, id: 7n } });
  });

  it('without a kind is what the topic says', () => {
    const result = jsonCodec.decode(utf8('{"val":7}'), { ...context, kind: 'event' });
    expect(result).toEqual({ ok: true, value: { t: 'event', val: 7 } });
  });

  it('carries bytes as base64', () => {
    const value = new Uint8Array([0, 255, 16]);
    expect(decode('{"t":"event","val":{"$b64":"AP8Q"}}')).toEqual({ ok: true, value: { t: 'event', val: value } });
    const encoded = jsonCodec.encode({ t: 'event', val: [value] });
    expect(encoded.ok && Buffer.from(encoded.value).toString()).toBe('{"t":"event","val":[{"$b64":"AP8Q"}]}');
  });

  it('with __proto__ changes no prototype', () => {
    const result = decode('{"t":"event","val":{"__proto__":{"a":1}},"__proto__":{"b":2},"vc":{"__proto__":3}}');
    if (!result.ok) throw new Error(result.error.detail);
    const { extra, vc } = result.value;
    for (const object of [result.value, result.value.val, extra, vc]) {
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    }
    expect(Object.keys(extra ?? {})).toEqual(['__proto__']);
    expect({}).not.toHaveProperty('a');
  });

  it('keeps unknown fields and says them again', () => {
    const text = '{"t":"event","val":1,"later":{"a":[1,{"$b64":"AA=="}]},"compact":5}';
    const result = decode(text);
    expect(result).toMatchObject({ value: { extra: { later: { a: [1, new Uint8Array(1)] }, compact: 5 } } });
    const again = result.ok ? jsonCodec.encode(result.value) : result;
    expect(again.ok && Buffer.from(again.value).toString()).toBe(text);
  });

  it('does not say what only the compact form knows', () => {
    const compact = { channel: 7, ackWanted: true, valueType: 'bool' } as const;
    const encoded = jsonCodec.encode({ t: 'notify', val: true, compact });
    expect(encoded.ok && Buffer.from(encoded.value).toString()).toBe('{"t":"notify","val":true}');
  });
});

describe('JSON refuses to say', () => {
  const deep = (levels: number): Value => (levels === 0 ? 1 : [deep(levels - 1)]);

  it.each<[string, Value]>([
    ['a number that is none', Number.NaN],
    ['infinity inside an object', { a: [Number.POSITIVE_INFINITY] }],
    ['broken text', '\ud800'],
    ['a key of broken text', { '\ud800': 1 }],
    ['an object that would read back as bytes', { $b64: 'AA==' }],
    ['a value nested too deep', deep(messageDepthMax)],
  ])('%s', (_, val) => {
    expect(jsonCodec.encode({ t: 'event', val })).toMatchObject({ ok: false, error: { reason: 'unsupported' } });
  });

  it('an unknown field with the name of a known one', () => {
    const result = jsonCodec.encode({ t: 'event', val: 1, extra: { val: 2 } });
    expect(result).toMatchObject({ ok: false, error: { detail: 'field extra.val has a value that json cannot say' } });
  });

  it('a version beyond 53 bits', () => {
    expect(jsonCodec.encode({ t: 'event', val: 1, ver: 2 ** 53 })).toMatchObject({ error: { reason: 'unsupported' } });
  });

  it('nothing that is nested just to the limit', () => {
    expect(jsonCodec.encode({ t: 'event', val: deep(messageDepthMax - 1) }).ok).toBe(true);
  });
});
