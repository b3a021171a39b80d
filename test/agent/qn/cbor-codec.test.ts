import { isNativeAccelerationEnabled } from 'cbor-x/index-no-eval';
import { describe, expect, it } from 'vitest';
import { messageDepthMax } from '../../../agent/limits.ts';
import { cborCodec, parseCbor } from '../../../agent/qn/cbor-codec.ts';
import { scanCbor } from '../../../agent/qn/cbor-scan.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { bytesOf } from './vectors.ts';

const context = { nowMs: 0, kind: 'event' } as const;

function decode(hex: string) {
  return cborCodec.decode(bytesOf(hex), context);
}

describe('the scan refuses', () => {
  it.each([
    ['a map of indefinite length', 'bf 07 01 ff', 0, 'indefinite length: send definite lengths'],
    ['text of indefinite length', 'a1 07 7f 61 61 ff', 2, 'indefinite length: send definite lengths'],
    ['a break on its own', 'ff', 0, 'indefinite length: send definite lengths'],
    ['a tag', 'a1 07 c1 01', 2, 'tags are not taken, except 55799 in front of the message'],
    ['a reserved initial byte', 'a1 07 1c', 2, 'reserved initial byte 0x1c'],
    ['a cut argument', 'a1 07 1a 00 01', 2, 'the item ends too early'],
    ['a missing value', 'a1 07', 0, 'a count of 1 with room for 0'],
    ['undefined', 'a1 07 f7', 2, 'a simple value other than false, true and null'],
    ['a simple value of two bytes', 'a1 07 f8 20', 2, 'a simple value other than false, true and null'],
    ['half infinity', 'a1 07 f9 7c00', 2, 'a float that is not finite'],
    ['single NaN', 'a1 07 fa 7fc00000', 2, 'a float that is not finite'],
    ['double infinity', 'a1 07 fb 7ff0000000000000', 2, 'a float that is not finite'],
    ['text that is not UTF-8', 'a1 07 62 c3 28', 2, 'text is not UTF-8'],
    ['text that is half a surrogate', 'a1 07 63 ed a0 80', 2, 'text is not UTF-8'],
    ['text behind a byte order mark', 'a1 07 64 ef bb bf 61', 2, 'text begins with a byte order mark: leave it out'],
    ['bytes longer than what is left', 'a1 07 58 05 01', 2, 'a length of 5 with 1 bytes left'],
    ['more items than bytes', 'a1 07 9a ffffffff 00', 2, 'a count of 4294967295 with room for 1'],
    ['more entries than half the bytes', 'ba 00010000 00 00 00', 0, 'a count of 65536 with room for 1'],
    ['a key that is a float', 'a1 f9 4500 01', 1, 'a key is neither text nor integer'],
    ['a nested key that is an integer', 'a1 07 a1 01 01', 3, 'a key is not text'],
    ['bytes behind the end', 'a1 07 01 00', 3, '1 bytes behind the end of the item'],
    ['nothing', '', 0, 'the item ends too early'],
  ])('%s', (_, hex, offset, detail) => {
    expect(scanCbor(bytesOf(hex))).toEqual({ offset, detail });
    expect(decode(hex)).toMatchObject({ ok: false, error: { reason: 'malformed' } });
  });

  it('one level more than the limit', () => {
    const nested = (levels: number) => bytesOf(`a1 07 ${'81'.repeat(levels - 1)} 01`);
    expect(scanCbor(nested(messageDepthMax))).toMatchObject({ depth: messageDepthMax });
    const detail = 'nested deeper than 16 levels';
    expect(scanCbor(nested(messageDepthMax + 1))).toEqual({ offset: 2 + messageDepthMax - 1, detail });
  });
});

it('a length that is only claimed allocates nothing', () => {
  const rows = ['a1 07 9b 00000000 ffffffff', 'a1 07 7b 7fffffffffffffff', 'a1 07 5a 7fffffff', 'bb 0000000100000000'];
  const claims = rows.map(bytesOf);
  for (const bytes of claims) expect(parseCbor(bytes).ok).toBe(false);
  const before = process.memoryUsage();
  for (let round = 0; round < 1_000; round += 1) for (const bytes of claims) parseCbor(bytes);
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(16 * 1_024 * 1_024);
  expect(after.heapTotal - before.heapTotal).toBeLessThan(64 * 1_024 * 1_024);
});

describe('a CBOR message', () => {
  it.each<[string, string, Value]>([
    ['an integer of eight bytes', 'a1 07 1b 0000000000000005', 5],
    ['a negative integer of eight bytes', 'a1 07 3b 001ffffffffffffe', -(2 ** 53 - 1)],
    ['the largest integer', 'a1 07 1b 001fffffffffffff', 2 ** 53 - 1],
    ['half −0', 'a1 07 f9 8000', 0],
    ['a half float', 'a1 07 f9 3e00', 1.5],
    ['bytes', 'a1 07 43 010203', new Uint8Array([1, 2, 3])],
    ['nothing nested', 'a1 07 82 80 a0', [[], {}]],
    ['what JSON keeps for bytes', 'a1 07 a1 64 24623634 61 41', { $b64: 'A' }],
  ])('says %s', (_, hex, val) => expect(decode(hex)).toEqual({ ok: true, value: { t: 'event', val } }));

  it.each([
    ['an integer beyond 53 bits', 'a1 07 1b 0020000000000000', 'field val'],
    ['a negative integer beyond 53 bits', 'a1 07 3b 001fffffffffffff', 'field val'],
    ['an unknown field with such an integer', 'a2 07 01 18 63 1b 0020000000000000', 'unknown field "99"'],
    ['the same key twice', 'a2 07 01 07 02', 'a key comes twice'],
    ['the same key in two widths', 'a2 07 01 18 07 02', 'a key comes twice'],
    ['the same key in eight bytes', 'a2 07 01 1b 0000000000000007 02', 'a key comes twice'],
    ['an unknown key as text and as integer', 'a3 07 01 18 63 01 62 3939 01', 'a key comes twice'],
    ['a known field under its name', 'a2 07 01 63 76616c 01', 'field val came under its name: its key is 7'],
    ['an id below zero', 'a2 07 01 01 20', 'field id'],
    ['a kind as text', 'a2 07 01 00 65 6576656e74', 'unknown kind "event"'],
    ['an array for a message', '81 01', 'a message is a CBOR map'],
    ['a key beyond 53 bits', 'a1 1b 0020000000000000 01', 'a key beyond ±2^53'],
  ])('is refused for %s', (_, hex, words) => {
    const result = decode(hex);
    expect(result.ok).toBe(false);
    expect(result.ok ? '' : result.error.detail).toContain(words);
  });

  it('is refused with its id when another field is wrong', () => {
    expect(decode('a3 01 1b ffffffffffffffff 07 01 0b 04')).toMatchObject({ error: { id: 2n ** 64n - 1n } });
    expect(decode('a2 00 18 63 01 01')).toMatchObject({ error: { reason: 'unknown-type', id: 1n } });
  });

  it('keeps unknown fields under their integers and says them again', () => {
    const result = decode('a4 07 01 18 63 02 22 03 61 78 04');
    expect(result).toMatchObject({ value: { extra: { 99: 2, '-3': 3, x: 4 } } });
    const again = result.ok ? cborCodec.encode(result.value) : result;
    expect(again.ok && Buffer.from(again.value).toString('hex')).toBe('a5000607011863022203617804');
  });

  it('may stand behind the tag that says "this is CBOR", once', () => {
    expect(decode('d9d9f7 a1 07 01')).toEqual({ ok: true, value: { t: 'event', val: 1 } });
    expect(decode('d9d9f7 d9d9f7 a1 07 01')).toMatchObject({ error: { detail: expect.stringContaining('byte 3') } });
  });

  it('keeps nothing of the bytes it came in, and leaves nothing on them', () => {
    const bytes = bytesOf('a1 07 43 010203');
    const result = cborCodec.decode(bytes, context);
    bytes.fill(0);
    expect(result).toMatchObject({ value: { val: new Uint8Array([1, 2, 3]) } });
    expect(Object.keys(bytes)).toHaveLength(bytes.length);
  });

  it.each<[number, string]>([
    [2 ** 32 - 1, '1a ffffffff'],
    [2 ** 32, '1b 0000000100000000'],
    [-(2 ** 32), '3a ffffffff'],
    [-(2 ** 32) - 1, '3b 0000000100000000'],
    [2 ** 53 - 1, '1b 001fffffffffffff'],
    [2 ** 60, 'fb 43b0000000000000'],
    [0.5, 'fb 3fe0000000000000'],
  ])('says %d as %s: integers stay integers', (val, hex) => {
    expect(cborCodec.encode({ t: 'event', val })).toEqual({ ok: true, value: bytesOf(`a2 00 06 07 ${hex}`) });
  });

  it('that is encoded owns its memory', () => {
    const encoded = cborCodec.encode({ t: 'event', val: 1 });
    expect(encoded.ok && encoded.value.buffer.byteLength).toBe(5);
  });
});

describe('CBOR refuses to say', () => {
  it.each<[string, Value]>([
    ['a number that is none', [Number.NaN]],
    ['broken text', '\udc00'],
    ['text behind a byte order mark', '\ufeffa'],
    ['a key behind a byte order mark', { '\ufeffa': 1 }],
  ])('%s', (_, val) => {
    expect(cborCodec.encode({ t: 'event', val })).toMatchObject({ ok: false, error: { reason: 'unsupported' } });
  });
});

it('the native string reader stays out', () => expect(isNativeAccelerationEnabled).toBe(false));
