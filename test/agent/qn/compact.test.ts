import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CompactFields, compactBytes, decodeCompact, encodeCompact } from '../../../agent/qn/compact.ts';
import { compactCodec, nearestStamp } from '../../../agent/qn/compact-codec.ts';
import { kinds, type Message } from '../../../agent/qn/message.ts';
import { reasons, statuses } from '../../../agent/qn/reason.ts';
import { bytesOf, compactRows } from './vectors.ts';

const nowMs = Date.UTC(2026, 5, 1, 12);
const context = { nowMs };

describe('the compact vectors', () => {
  it('are all there', () => expect(compactRows).toHaveLength(60));

  it.each(compactRows)('$name is the same both ways', ({ fields, bytes }) => {
    expect(decodeCompact(bytesOf(bytes))).toEqual({ ok: true, value: fields });
    const encoded = encodeCompact(fields as CompactFields);
    expect(encoded.ok && Buffer.from(encoded.value).toString('hex')).toBe(bytes);
  });
});

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const typedValues = fc.oneof(
  fc.constant({ vtype: 'none', value: null } as const),
  fc.boolean().map((value) => ({ vtype: 'bool', value }) as const),
  i32.map((value) => ({ vtype: 'i32', value }) as const),
  u32.map((value) => ({ vtype: 'u32', value }) as const),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => ({ vtype: 'f32', value: value + 0 }) as const),
  i32.map((value) => ({ vtype: 'milli', value: value / 1000 }) as const),
);
const plainFields: fc.Arbitrary<CompactFields> = fc
  .tuple(
    typedValues,
    fc.record({
      kind: fc.constantFrom(...kinds),
      channel: fc.integer({ min: 0, max: 0xffff }),
      id: u32,
      ts: u32,
      pri: fc.constantFrom(0, 1, 2, 3),
      ack: fc.boolean(),
      clk: fc.constantFrom(0, 1, 2),
    }),
  )
  .map(([value, rest]) => ({ ...rest, ...value }));

describe('any compact fields', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(plainFields, (fields) => {
        const encoded = encodeCompact(fields);
        expect(encoded.ok && decodeCompact(encoded.value)).toEqual({ ok: true, value: fields });
      }),
    );
  });

  it('come back through the codec too, unless they are an ack without status', () => {
    fc.assert(
      fc.property(plainFields, (fields) => {
        const bytes = encodeCompact(fields);
        const decoded = bytes.ok ? compactCodec.decode(bytes.value, context) : bytes;
        if (decoded.ok) expect(compactCodec.encode(decoded.value)).toEqual(bytes);
        else expect([fields.kind, decoded.error.reason]).toEqual(['ack', 'malformed']);
      }),
    );
  });
});

it('any 17 bytes are decoded or refused, and what is decoded is the same bytes again', () => {
  const bytes17 = fc.uint8Array({ minLength: compactBytes - 1, maxLength: compactBytes - 1 });
  fc.assert(
    fc.property(bytes17, (rest) => {
      const bytes = Uint8Array.of(0x51, ...rest);
      const decoded = decodeCompact(bytes);
      const isZero = decoded.ok && decoded.value.value === 0; // −0 comes back as 0
      if (!decoded.ok) expect(decoded.error.id).toBe(BigInt(Buffer.from(bytes).readUInt32BE(5)));
      else if (!isZero) expect(encodeCompact(decoded.value)).toEqual({ ok: true, value: bytes });
    }),
    { numRuns: 2_000 },
  );
});

describe('a compact message', () => {
  it('is refused with its id', () => {
    const refused = (hex: string) => compactCodec.decode(bytesOf(hex), context);
    expect(refused('51 f1 00 0007 00000009 00000001 00000001')).toMatchObject({
      error: { reason: 'unknown-type', id: 9n },
    });
    expect(refused('51 41 20 0007 00000009 00000001 00000001')).toMatchObject({
      error: { reason: 'malformed', id: 9n },
    });
    expect(refused('51 41 00 0007 00000009 00000001 00000002')).toMatchObject({
      error: { reason: 'malformed', id: 9n },
    });
    expect(refused('51 40 00 0007 00000009 00000001 00000001')).toMatchObject({
      error: { reason: 'malformed', id: 9n },
    });
    expect(refused('51 44 00 0007 00000009 00000001 7f800000')).toMatchObject({
      error: { reason: 'malformed', id: 9n },
    });
  });

  it('tells its channel, its value type and whether an ack is wanted', () => {
    const result = compactCodec.decode(bytesOf('51 45 0f 0007 00000009 00000001 00005bcc'), {
      ...context,
      kind: 'notify',
    });
    const compact = { channel: 7, ackWanted: true, valueType: 'milli' };
    expect(result).toMatchObject({ value: { t: 'notify', id: 9n, val: 23.5, pri: 3, clk: 'estimated', compact } });
  });

  it('of another kind than the topic takes is refused with both', () => {
    const result = compactCodec.decode(bytesOf('51 41 00 0007 00000009 00000001 00000001'), {
      ...context,
      kind: 'query',
    });
    const detail = 'a message of kind notify came where only query is taken';
    expect(result).toEqual({ ok: false, error: { reason: 'unsupported', detail, id: 9n } });
  });

  it('goes into the buffer of the caller', () => {
    const target = new Uint8Array(32).subarray(3, 20);
    const [row] = compactRows;
    const encoded = encodeCompact(row?.fields as CompactFields, target);
    expect(encoded.ok && encoded.value).toBe(target);
    expect(Buffer.from(target).toString('hex')).toBe(row?.bytes);
  });
});

describe('a compact ack', () => {
  it('carries status and reason, all of them', () => {
    const compact = { channel: 1, ackWanted: false, valueType: 'u32' } as const;
    for (const st of statuses) {
      for (const why of [undefined, ...reasons]) {
        const outcome = why === undefined ? { st } : { st, why };
        const ack: Message = { t: 'ack', id: 5n, ts: nowMs, pri: 0, clk: 'synced', compact, ...outcome };
        const encoded = compactCodec.encode(ack);
        expect(encoded.ok && compactCodec.decode(encoded.value, context)).toEqual({ ok: true, value: ack });
      }
    }
  });

  it.each([
    ['of a status that is none', '51 53 00 0001 00000005 00000001 00080000'],
    ['of a reason that is none', '51 53 00 0001 00000005 00000001 000400ff'],
    ['of another value type', '51 52 00 0001 00000005 00000001 00040001'],
  ])('%s is malformed', (_, hex) => {
    expect(compactCodec.decode(bytesOf(hex), context)).toMatchObject({ error: { reason: 'malformed', id: 5n } });
  });
});

describe('the compact form refuses to say', () => {
  const compact = { channel: 7, ackWanted: false, valueType: 'i32' } as const;
  const good = { t: 'notify', id: 1n, ts: nowMs, val: 1, compact } as const;

  it.each<[string, Message]>([
    ['a message without channel', { t: 'notify', id: 1n, ts: nowMs, val: 1 }],
    ['a channel beyond 16 bits', { ...good, compact: { ...compact, channel: 65_536 } }],
    ['an id of 33 bits', { ...good, id: 2n ** 32n }],
    ['a message without time', { t: 'notify', id: 1n, val: 1, compact }],
    ['text', { ...good, val: 'ON' }],
    ['a boolean where a number was announced', { ...good, val: true }],
    ['a number beyond 32 bits', { ...good, val: 2 ** 31 }],
    ['a negative number as u32', { ...good, val: -1, compact: { ...compact, valueType: 'u32' } }],
    ['a milli value beyond 32 bits', { ...good, val: 2_147_483.648, compact: { ...compact, valueType: 'milli' } }],
    ['a float beyond 32 bits', { ...good, val: 1e39, compact: { ...compact, valueType: 'f32' } }],
    ['a time to live', { ...good, ttl: 5 }],
    ['an unknown field', { ...good, extra: { x: 1 } }],
  ])('%s', (_, message) => {
    expect(compactCodec.encode(good).ok).toBe(true);
    expect(compactCodec.encode(message)).toMatchObject({ ok: false, error: { reason: 'unsupported' } });
  });
});

it('a stamp of 32 bits is the time nearest to now', () => {
  const span = 2 ** 32;
  fc.assert(
    fc.property(fc.integer({ min: span, max: 1_000 * span }), u32, (now, low) => {
      const stamp = nearestStamp(low, now);
      expect(stamp % span).toBe(low);
      expect(Math.abs(stamp - now)).toBeLessThanOrEqual(span / 2);
    }),
  );
  expect(nearestStamp(0xffff_ffff, 5)).toBe(0xffff_ffff); // never before 1970
});
