import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageBytesMax } from '../../../agent/limits.ts';
import type { Codec } from '../../../agent/qn/codec.ts';
import type { Message } from '../../../agent/qn/message.ts';
import { codecs, decodeMessage, encodeMessage } from '../../../agent/qn/registry.ts';
import { messages, mutationsOf } from './arbitraries.ts';
import { bytesOf, messageRows, utf8 } from './vectors.ts';

const context = { nowMs: Date.UTC(2026, 5, 1) };
const full = ['json', 'cbor'] as const;

function decoded(bytes: Uint8Array, contentType?: string): Message {
  const result = decodeMessage(bytes, contentType === undefined ? context : { ...context, contentType });
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

function encoded(message: Message, name: Codec['name']): Uint8Array {
  const result = encodeMessage(message, name);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value.bytes;
}

describe('the message vectors', () => {
  it('are all there', () => expect(messageRows).toHaveLength(60));

  it.each(messageRows)('$name says the same in JSON and CBOR, and survives encoding', ({ message, cbor }) => {
    const { id, ep, ...rest } = message;
    const expected = { ...rest, id: BigInt(id), ...(typeof ep === 'string' ? { ep: BigInt(ep) } : {}) };
    const fromJson = decoded(utf8(JSON.stringify(message)));
    expect(fromJson).toEqual(expected);
    expect(decoded(bytesOf(cbor))).toEqual(expected);
    for (const name of full) expect(decoded(encoded(fromJson, name))).toEqual(expected);
    expect(JSON.parse(Buffer.from(encoded(fromJson, 'json')).toString())).toEqual(message);
  });
});

describe('any message', () => {
  it.each(full)('comes back from %s as it was', (name) => {
    fc.assert(
      fc.property(messages, (message) => {
        deepStrictEqual(decoded(encoded(message, name)), message); // unlike expect, not misled by keys like constructor
      }),
      { numRuns: 400 },
    );
  });

  it.each(full)('is decoded or refused, never worse, after bytes of its %s were changed', (name) => {
    const mutated = messages.chain((message) => mutationsOf(encoded(message, name)));
    fc.assert(
      fc.property(mutated, (bytes) => {
        for (const codec of codecs) expectSound(codec.decode(bytes, context));
      }),
      { numRuns: 400 },
    );
  });
});

describe('any bytes', () => {
  it('are decoded or refused, never worse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), (bytes) => {
        for (const { contentType } of codecs) expectSound(decodeMessage(bytes, { ...context, contentType }));
      }),
      { numRuns: 300 },
    );
  });
});

function expectSound(result: ReturnType<typeof decodeMessage>): void {
  if (result.ok) expect(result.value.t).toBeTypeOf('string');
  else expect(result.error.detail).not.toMatch(/^$|^not CBOR: /); // the latter: the decoder threw behind the scan
}

describe('the choice of an encoding', () => {
  const compact = bytesOf('51 41 01 0007 00000001 00000001 00000001');

  it.each([
    ['{', utf8('{"t":"query"}'), 'query'],
    ['white space', utf8('\n {"t":"query"}'), 'query'],
    ['a map of CBOR', bytesOf('a1 00 01'), 'query'],
    ['tag 55799', bytesOf('d9d9f7 a1 00 01'), 'query'],
    ['0x51', compact, 'notify'],
  ])('goes by the first byte: %s', (_, bytes, kind) => expect(decoded(bytes).t).toBe(kind));

  it('goes by the content type before the first byte', () => {
    const result = decodeMessage(utf8('{"t":"query"}'), { ...context, contentType: 'application/cbor' });
    expect(result).toMatchObject({ ok: false, error: { reason: 'malformed' } });
  });

  it('ignores parameters and case of a content type, and unknown types', () => {
    expect(decoded(utf8('{"t":"query"}'), 'Application/JSON; charset=utf-8').t).toBe('query');
    expect(decoded(compact, 'text/plain').t).toBe('notify');
  });

  it('never leaves two codecs with a claim on the same byte', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      expect(codecs.filter((codec) => codec.claims(byte)).length).toBeLessThanOrEqual(1);
    }
  });
});

describe('the size limit', () => {
  const jsonOf = (bytesCount: number) => utf8(`{"t":"event","val":"${'x'.repeat(bytesCount - 22)}"}`);

  it('takes a message of the largest size and refuses one byte more', () => {
    expect(jsonOf(messageBytesMax)).toHaveLength(messageBytesMax);
    expect(decodeMessage(jsonOf(messageBytesMax), context).ok).toBe(true);
    expect(decodeMessage(jsonOf(messageBytesMax + 1), context)).toMatchObject({ error: { reason: 'too-large' } });
  });

  it.each(full)('refuses to encode more in %s', (name) => {
    const result = encodeMessage({ t: 'event', val: 'x'.repeat(messageBytesMax) }, name);
    expect(result).toMatchObject({ ok: false, error: { reason: 'too-large' } });
  });

  it('is checked before a codec looks at the bytes', () => {
    for (const codec of codecs.filter((row) => row.name !== 'compact')) {
      const result = codec.decode(new Uint8Array(messageBytesMax + 1), context);
      expect(result).toMatchObject({ ok: false, error: { reason: 'too-large' } });
    }
  });
});
