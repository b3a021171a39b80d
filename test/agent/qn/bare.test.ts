import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageBytesMax, messageDepthMax } from '../../../agent/limits.ts';
import { decodeBareValue, decodeNotify, decodeQuery } from '../../../agent/qn/bare.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { reasons } from '../../../agent/qn/reason.ts';
import { mutationsOf } from './arbitraries.ts';
import { bytesOf, refusalRows, utf8 } from './vectors.ts';

const context = { nowMs: Date.UTC(2026, 5, 1) };

describe('the refusal vectors', () => {
  it('are all there', () => expect(refusalRows).toHaveLength(29));

  it.each(refusalRows)('$name is refused as $reason', ({ bytes, reason }) => {
    expect(decodeNotify(bytesOf(bytes), context)).toMatchObject({ ok: false, error: { reason } });
  });

  it.each(refusalRows)('$name with changed bytes is decoded or refused, never worse', ({ bytes }) => {
    fc.assert(
      fc.property(mutationsOf(bytesOf(bytes)), (mutated) => {
        const result = decodeNotify(mutated, context);
        if (result.ok) expect(result.value.t).toBe('notify');
        else expect(reasons).toContain(result.error.reason);
      }),
      { numRuns: 60 },
    );
  });
});

it('any bytes on any topic are decoded or refused, never worse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), (bytes) => {
      for (const decode of [decodeNotify, decodeQuery]) expect(decode(bytes, context)).toHaveProperty('ok');
      expect(decodeBareValue(bytes)).toHaveProperty('ok');
    }),
    { numRuns: 300 },
  );
});

describe('a bare payload', () => {
  it.each<[string, Value]>([
    ['ON', 'ON'],
    ['off', 'off'],
    ['1', 1],
    ['-0.5', -0.5],
    ['true', true],
    ['null', null],
    ['23.5', 23.5],
    ['+5', '+5'],
    ['nope', 'nope'],
    ['1.2.3', '1.2.3'],
    ['"hello world"', 'hello world'],
    ['{"brightness":3}', { brightness: 3 }],
    ['{"id":"5","t":"query"}', { id: '5', t: 'query' }],
    ['[1,2]', [1, 2]],
    ['{"$b64":"AQI="}', new Uint8Array([1, 2])],
    [' 7\n', 7],
    ['x'.repeat(32), 'x'.repeat(32)],
  ])('%s is the value of a notify without id', (text, val) => {
    expect(decodeNotify(utf8(text), context)).toEqual({ ok: true, value: { t: 'notify', val } });
  });

  it.each<[string, Value]>([
    ['a0', {}],
    ['a1 63 76616c 01', { val: 1 }],
    ['d9d9f7 a1 61 61 81 02', { a: [2] }],
  ])('of CBOR without integer keys, %s, is the value', (hex, val) => {
    expect(decodeNotify(bytesOf(hex), context)).toEqual({ ok: true, value: { t: 'notify', val } });
  });

  it('may be any CBOR item when the content type says so', () => {
    const cbor = { ...context, contentType: 'application/cbor' };
    expect(decodeNotify(bytesOf('43 010203'), cbor)).toMatchObject({ value: { val: new Uint8Array([1, 2, 3]) } });
    expect(decodeNotify(bytesOf('62 4f4e'), cbor)).toMatchObject({ value: { val: 'ON' } });
  });

  it.each(['', 'ON OFF', 'x'.repeat(33), 'grün', '{"a":}', 'tru!', '\ufeff1', '1e999', 'QUIET'])(
    '%j is malformed',
    (text) => {
      expect(decodeNotify(utf8(text), context)).toMatchObject({ ok: false, error: { reason: 'malformed' } });
    },
  );

  it('leaves one level of nesting for the message around it', () => {
    const nested = (levels: number) => utf8('['.repeat(levels) + ']'.repeat(levels));
    expect(decodeNotify(nested(messageDepthMax - 1), context).ok).toBe(true);
    expect(decodeNotify(nested(messageDepthMax), context)).toMatchObject({ error: { reason: 'malformed' } });
  });

  it('has the size limit of a message', () => {
    const text = (bytesCount: number) => utf8(`"${'x'.repeat(bytesCount - 2)}"`);
    expect(decodeNotify(text(messageBytesMax), context).ok).toBe(true);
    expect(decodeNotify(text(messageBytesMax + 1), context)).toMatchObject({ error: { reason: 'too-large' } });
    expect(decodeBareValue(text(messageBytesMax + 1))).toMatchObject({ error: { reason: 'too-large' } });
  });
});

describe('on a notify topic', () => {
  it('an object with val is a message', () => {
    const result = decodeNotify(utf8('{"id":"9","val":"on","pri":3}'), context);
    expect(result).toEqual({ ok: true, value: { t: 'notify', id: 9n, val: 'on', pri: 3 } });
  });

  it('a CBOR map with an integer key is a message, and needs key 7', () => {
    expect(decodeNotify(bytesOf('a2 01 09 07 f5'), context)).toEqual({
      ok: true,
      value: { t: 'notify', id: 9n, val: true },
    });
    expect(decodeNotify(bytesOf('a1 01 09'), context)).toMatchObject({ error: { reason: 'malformed', id: 9n } });
  });

  it('0x51 is always compact', () => {
    const result = decodeNotify(bytesOf('51 41 00 0007 00000009 00000001 00000001'), context);
    expect(result).toMatchObject({ value: { t: 'notify', id: 9n, val: true } });
  });

  it.each([utf8('{"t":"query","id":"9","val":1}'), bytesOf('51 11 00 0007 00000009 00000001 00000001')])(
    'a message of another kind is refused',
    (bytes) => expect(decodeNotify(bytes, context)).toMatchObject({ error: { reason: 'unsupported', id: 9n } }),
  );
});

describe('on a query topic', () => {
  it('nothing at all asks for the value', () => {
    expect(decodeQuery(new Uint8Array(), context)).toEqual({ ok: true, value: { t: 'query' } });
  });

  it('an object is the query', () => {
    const value = { t: 'query', mode: 'watch', lease: 5 };
    expect(decodeQuery(utf8('{"mode":"watch","lease":5}'), context)).toEqual({ ok: true, value });
  });

  it('anything else is refused', () => {
    expect(decodeQuery(utf8('ON'), context)).toMatchObject({ error: { reason: 'malformed' } });
    expect(decodeQuery(utf8('{"t":"notify","val":1}'), context)).toMatchObject({ error: { reason: 'unsupported' } });
    expect(decodeQuery(utf8('{"mode":"stare"}'), context)).toMatchObject({ error: { reason: 'malformed' } });
  });
});

describe("somebody else's payload", () => {
  it.each<[string, Value]>([
    ['{"val":1,"pressed":true}', { val: 1, pressed: true }],
    ['OPEN', 'OPEN'],
    ['QUIET', 'QUIET'],
    ['21.5', 21.5],
  ])('%s is a value, never a message', (text, value) => {
    expect(decodeBareValue(utf8(text))).toEqual({ ok: true, value });
  });

  it('is refused when it is neither JSON, CBOR nor a token', () => {
    expect(decodeBareValue(utf8('two words'))).toMatchObject({ error: { reason: 'malformed' } });
    expect(decodeBareValue(bytesOf('a1 01'))).toMatchObject({ error: { reason: 'malformed' } });
  });
});
