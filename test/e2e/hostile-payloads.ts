import { compactRows, messageRows, refusalRows } from '../agent/qn/vectors.ts';

/** mulberry32 (public domain): the same seed, the same attack. 0 ≤ x < 1 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is mutated: everything the vectors have, refused or sound, and what people send. */
const seeds: readonly Uint8Array[] = [
  ...refusalRows.map(({ bytes }) => Buffer.from(bytes, 'hex')),
  ...messageRows.flatMap(({ cbor, message }) => [Buffer.from(cbor, 'hex'), Buffer.from(JSON.stringify(message))]),
  ...compactRows.map(({ bytes }) => Buffer.from(bytes, 'hex')),
  ...['ON', 'off', '{"val":true}', '{"pressed":true}', '{"val":{"$b64":"AAECAw=="},"id":"1"}'].map((text) =>
    Buffer.from(text),
  ),
];

const fieldNames = [
  't',
  'id',
  'src',
  'doc',
  'ep',
  'ver',
  'val',
  'ts',
  'clk',
  'ttl',
  'pri',
  'tr',
  'st',
  'reply',
  'mode',
  'vc',
];
const wrongValues = [
  null,
  -1,
  1e308,
  '',
  'x'.repeat(200),
  [],
  {},
  [[[]]],
  '-5',
  1.5,
  { $b64: '*' },
  '18446744073709551616',
  true,
];

/** The refusal vectors as they are, then mutations without end. */
export function* hostilePayloads(random: () => number): Generator<Uint8Array, never> {
  yield* refusalRows.map(({ bytes }) => Buffer.from(bytes, 'hex'));
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  for (;;) {
    const seed = Buffer.from(pick(seeds));
    const kind = Math.floor(random() * 6);
    if (kind === 0) yield flipBits(seed, random);
    else if (kind === 1) yield seed.subarray(0, Math.floor(random() * seed.length));
    else if (kind === 2) yield Buffer.concat([seed, Buffer.from(pick(seeds)).subarray(0, 64)]);
    else if (kind === 3) yield splice(seed, Buffer.from(pick(seeds)), random);
    else if (kind === 4)
      yield Buffer.from(JSON.stringify({ t: 'notify', id: '7', val: true, [pick(fieldNames)]: pick(wrongValues) }));
    else yield noise(random);
  }
}

function flipBits(bytes: Buffer, random: () => number): Buffer {
  const flips = 1 + Math.floor(random() * 4);
  for (let count = 0; count < flips && bytes.length > 0; count += 1) {
    const index = Math.floor(random() * bytes.length);
    bytes[index] = (bytes[index] ?? 0) ^ (1 << Math.floor(random() * 8));
  }
  return bytes;
}

function splice(left: Buffer, right: Buffer, random: () => number): Buffer {
  return Buffer.concat([
    left.subarray(0, Math.floor(random() * left.length)),
    right.subarray(Math.floor(random() * right.length)),
  ]);
}

function noise(random: () => number): Buffer {
  return Buffer.from(Array.from({ length: Math.floor(random() * 64) }, () => Math.floor(random() * 256)));
}
