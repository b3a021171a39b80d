import { describe, expect, it } from 'vitest';
import { imageBytesMax, pieceBytesMax, urlBytesMax } from '../../../agent/firmware/limits.ts';
import { parseFirmwareOrder } from '../../../agent/firmware/order.ts';
import type { Value } from '../../../agent/qn/message.ts';

const sha = 'ab'.repeat(32);
const data = Uint8Array.of(1, 2, 3);

describe('an order for the firmware', () => {
  it('is a piece of an image, or to write one', () => {
    expect(parseFirmwareOrder({ piece: sha, size: 10, offset: 7, data })).toEqual({
      ok: true,
      value: { kind: 'piece', sha256: sha, sizeBytes: 10, offset: 7, data },
    });
    const named = { url: 'https://host/a.bin', version: '1.2.0', hardware: 'uno-r3' };
    expect(parseFirmwareOrder({ write: sha, size: 10, ...named })).toEqual({
      ok: true,
      value: { kind: 'write', sha256: sha, sizeBytes: 10, ...named },
    });
    expect(parseFirmwareOrder({ reset: true })).toMatchObject({ ok: false });
  });

  it.each<[string, { readonly [key: string]: Value }, string, RegExp]>([
    ['another hash', { piece: 'AB', size: 1, offset: 0, data }, 'malformed', /^piece: the SHA-256/],
    ['no size', { write: sha }, 'malformed', /^size:/],
    ['a size of nothing', { write: sha, size: 0 }, 'malformed', /^size:/],
    ['a size over the bound', { write: sha, size: imageBytesMax + 1 }, 'too-large', /^size: 4194305 bytes/],
    ['no bytes', { piece: sha, size: 9, offset: 0, data: 'abc' }, 'malformed', /^data: bytes/],
    [
      'a piece over the bound',
      { piece: sha, size: 99_999, offset: 0, data: new Uint8Array(pieceBytesMax + 1) },
      'too-large',
      /^data: 32769 bytes/,
    ],
    ['a piece beyond the end', { piece: sha, size: 9, offset: 7, data }, 'malformed', /^offset:/],
    ['a key nobody knows', { write: sha, size: 9, offset: 7 }, 'malformed', /^offset: not known here; write, size,/],
    ['an address without TLS', { write: sha, size: 9, url: 'http://host/a' }, 'malformed', /^url:/],
    [
      'an address that is too long',
      { write: sha, size: 9, url: `https://h/${'a'.repeat(urlBytesMax)}` },
      'malformed',
      /^url:/,
    ],
    ['a version of no text', { write: sha, size: 9, version: 3 }, 'malformed', /^version:/],
  ])('with %s is refused, naming the field', (_, value, reason, detail) => {
    expect(parseFirmwareOrder(value)).toEqual({ ok: false, error: { reason, detail: expect.stringMatching(detail) } });
  });

  it('takes what just fits', () => {
    const piece = { piece: sha, size: imageBytesMax, offset: 0, data: new Uint8Array(pieceBytesMax) };
    expect(parseFirmwareOrder(piece)).toMatchObject({ ok: true });
  });
});
