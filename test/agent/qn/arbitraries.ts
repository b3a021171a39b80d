import fc from 'fast-check';
import {
  type Ack,
  clockQualities,
  type Envelope,
  kinds,
  type Message,
  queryModes,
  type Value,
} from '../../../agent/qn/message.ts';
import { reasons, statuses } from '../../../agent/qn/reason.ts';

/** Any text both JSON and CBOR can carry: well-formed, and without a byte order mark in front. */
export const texts = fc.string({ unit: 'binary', maxLength: 80 }).filter((text) => !text.startsWith('\ufeff'));

const numbers = fc
  .oneof(
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0xffff_ffff, 2 ** 32, 2 ** 31, -(2 ** 31) - 1, 2 ** 60, 1e300, 5e-324),
  )
  .map((value) => value + 0);

const keys = fc.oneof(texts, fc.constantFrom('__proto__', 'constructor', 'toJSON', 'val', '7', '25', '-1', '1.5'));

const isB64 = (value: object) => Object.keys(value).length === 1 && Object.hasOwn(value, '$b64');

/** Up to ten levels deep; no lone `$b64`, which JSON keeps for bytes. */
export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 9, depthSize: 'small' },
    fc.oneof(numbers, texts, fc.boolean(), fc.constant(null), fc.uint8Array({ maxLength: 300 })),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(keys, tie('value')), { maxLength: 5 })
      .map((entries): { readonly [key: string]: Value } => Object.fromEntries(entries))
      .filter((value) => !isB64(value)),
  ),
})).value;

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint = fc.maxSafeInteger().map(Math.abs);
const unknownKeys = fc.oneof(
  fc.constantFrom('future', '25', '99', '-3', '9007199254740990', '007', '__proto__', '0', '7', ''),
  texts.map((text) => `x-${text}`),
);

export const envelopes: fc.Arbitrary<Envelope> = fc.record(
  {
    id: u64,
    src: texts,
    doc: texts,
    ep: u64,
    ver: uint,
    base: uint,
    ts: uint,
    clk: fc.constantFrom(...clockQualities),
    ttl: uint,
    pri: fc.constantFrom(0, 1, 2, 3),
    tr: texts,
    why: fc.constantFrom(...reasons),
    detail: texts,
    reply: texts,
    mode: fc.constantFrom(...queryModes),
    min: uint,
    max: uint,
    step: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    lease: uint,
    vc: fc.array(fc.tuple(texts, uint), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    tok: texts,
    lsn: uint,
    extra: fc
      .array(fc.tuple(unknownKeys, values), { minLength: 1, maxLength: 3 })
      .map((entries): { readonly [key: string]: Value } => Object.fromEntries(entries)),
  },
  { requiredKeys: [] },
);

const acks: fc.Arbitrary<Ack> = fc
  .tuple(envelopes, fc.constantFrom(...statuses))
  .map(([envelope, st]) => ({ ...envelope, t: 'ack', st }));

export const messages: fc.Arbitrary<Message> = fc.oneof(
  acks,
  fc.tuple(envelopes, fc.constantFrom('query', 'health')).map(([envelope, t]) => ({ ...envelope, t })),
  fc
    .tuple(envelopes, values, fc.constantFrom(...kinds.filter((kind) => kind !== 'ack')))
    .map(([envelope, val, t]) => ({ ...envelope, t, val })),
);

/** The bytes with up to eight of them changed, cut out or put in. */
export function mutationsOf(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ at: fc.nat(Math.max(0, bytes.length)), how: fc.nat(2), byte: fc.nat(255) });
  return fc.array(change, { minLength: 1, maxLength: 8 }).map((changes) => {
    const mutated = [...bytes];
    for (const { at, how, byte } of changes) {
      if (how === 0) mutated[Math.min(at, mutated.length)] = byte;
      else if (how === 1) mutated.splice(at, 1);
      else mutated.splice(at, 0, byte);
    }
    return Uint8Array.from(mutated);
  });
}
