import { describe, expect, it } from 'vitest';
import { type Channel, decodeChannel, decodePong, encodeChannel } from '../../../firmware-bridge/link/bodies.ts';
import { bitsOf, valueOfBits } from '../../../firmware-bridge/link/channel-value.ts';

const hex = (body: Uint8Array) => Buffer.from(body).toString('hex');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

describe('the body of CHANNEL (QN-8.2a)', () => {
  const rows: readonly (readonly [string, Channel, string])[] = [
    ['an input', { number: 5, role: 'input', valueType: 'bool', name: 'in1' }, '000521696e31'],
    [
      'an output that is off when safe',
      { number: 1, role: 'output', valueType: 'bool', name: 'out1', safe: false },
      '0001116f7574310000000000',
    ],
    ['one that is on', { number: 2, role: 'output', valueType: 'bool', name: 'a', safe: true }, '000211610000000001'],
    ['a number', { number: 3, role: 'output', valueType: 'milli', name: 'v', safe: -1.5 }, '0003157600fffffa24'],
    ['one that does not say', { number: 4, role: 'output', valueType: 'u32', name: 'n' }, '0004136e'],
  ];
  it.each(rows)('%s', (_, channel, body) => {
    expect(hex(encodeChannel(channel))).toBe(body);
    expect(decodeChannel(bytes(body))).toEqual(channel);
  });

  it.each([
    ['bytes of a later version behind the safe value', '0001116f757431000000000007ff', { name: 'out1', safe: false }],
    ['a safe value that is none of its type', '0001116f7574310000000002', { name: 'out1' }],
    ['a safe value cut short', '0001116f75743100000000', { name: 'out1' }],
  ])('%s is no reason to refuse the channel', (_, body, expected) => {
    const channel = decodeChannel(bytes(body));
    expect(channel).toMatchObject(expected);
    expect(channel?.safe).toBe('safe' in expected ? expected.safe : undefined);
  });

  it.each([
    ['a name with a dot', '000111612e62'],
    ['a name with a capital', '00011141'],
    ['a name that climbs', '0001112e2e2f61'],
    ['a name with a wildcard', '00011123'],
    ['no name', '00011100000000'],
    ['a name of 33 bytes', `000111${'61'.repeat(33)}`],
    ['number 0', '00001161'],
    ['role 3', '00013161'],
    ['value type 6', '00011661'],
  ])('%s is nothing', (_, body) => {
    expect(decodeChannel(bytes(body))).toBeUndefined();
  });

  it.each(['none', 'bool', 'i32', 'u32', 'f32', 'milli'] as const)('%s goes to bits and back', (type) => {
    const value = { none: null, bool: true, i32: -7, u32: 4_000_000_000, f32: 1.5, milli: 23.456 }[type];
    expect(valueOfBits(type, bitsOf(type, value) ?? -1)).toBe(value);
  });

  it.each([
    ['u32', -1],
    ['i32', 2 ** 31],
    ['milli', 3_000_000],
    ['f32', Number.NaN],
    ['bool', 1],
    ['none', true],
  ] as const)('%s cannot hold %s', (type, value) => {
    expect(bitsOf(type, value)).toBeUndefined();
  });
});

it('PONG without the clock of the microcontroller is good all the same', () => {
  expect(decodePong(bytes('0000002a00'))).toEqual({ ms: 42, safe: 'none' });
  expect(decodePong(bytes('0000002a0400000100'))).toEqual({ ms: 42, safe: 'local', deviceMs: 256 });
  expect(decodePong(bytes('0000002a'))).toBeUndefined();
});
