import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModbusRegisterConfig } from '../../../agent/config/config.ts';
import { decodeRegister, encodeRegister, readRequest } from '../../../agent/documents/register-value.ts';

function config(change: Partial<ModbusRegisterConfig>): ModbusRegisterConfig {
  return {
    driver: 'modbus-register',
    priority: 'normal',
    retained: 'refuse',
    bus: 'b',
    unit: 1,
    table: 'holding',
    register: 7,
    type: 'u16',
    wordOrder: 'big',
    scale: 1,
    offset: 0,
    pollMs: 1_000,
    isWritable: true,
    ...change,
  };
}

const rows: readonly (readonly [Partial<ModbusRegisterConfig>, readonly number[], number | boolean])[] = [
  [{ type: 'u16' }, [0xffff], 65_535],
  [{ type: 'i16' }, [0xffff], -1],
  [{ type: 'i16' }, [0x8000], -32_768],
  [{ type: 'u32' }, [0xffff, 0xfffe], 4_294_967_294],
  [{ type: 'u32', wordOrder: 'little' }, [1, 2], 0x0002_0001],
  [{ type: 'i32' }, [0xffff, 0xfffe], -2],
  [{ type: 'i32', wordOrder: 'little' }, [0xfffe, 0xffff], -2],
  [{ type: 'f32' }, [0x3dcc, 0xcccd], 0.1],
  [{ type: 'f32', wordOrder: 'little' }, [0, 0xc148], -12.5],
  [{ type: 'bool' }, [1], true],
  [{ type: 'bool' }, [0], false],
  [{ type: 'u16', scale: 0.01 }, [12_345], 123.45],
  [{ type: 'i16', scale: 0.1, offset: -40 }, [655], 25.5],
  [{ type: 'u16', scale: -0.5, offset: 10 }, [4], 8],
];

describe.each(rows)('%o', (change, words, value) => {
  test('is read', () => {
    expect(decodeRegister(config(change), words)).toBe(value);
  });

  test('is written as the same words', () => {
    const encoded = encodeRegister(config(change), value);
    const { request } = encoded.ok ? encoded.value : { request: undefined };
    const [word] = words;
    const expected = words.length === 2 ? { code: 16, address: 7, words } : { code: 6, address: 7, word };
    expect(request).toEqual(expected);
    expect(encoded.ok && encoded.value.value).toBe(value);
  });
});

test('bits are read with the functions of bits, and a coil is written as one', () => {
  const bit = { type: 'bool' } as const;
  expect(readRequest(config({ ...bit, table: 'coil' }))).toEqual({ code: 1, address: 7, count: 1 });
  expect(readRequest(config({ ...bit, table: 'discrete' }))).toEqual({ code: 2, address: 7, count: 1 });
  expect(readRequest(config({ type: 'u32' }))).toEqual({ code: 3, address: 7, count: 2 });
  expect(readRequest(config({ table: 'input' }))).toEqual({ code: 4, address: 7, count: 1 });
  expect(encodeRegister(config({ ...bit, table: 'coil' }), 'ON')).toMatchObject({
    value: { request: { code: 5, address: 7, isOn: true }, value: true },
  });
});

test.for([
  [{ type: 'u16' }, 65_536, '65536 does not fit u16; send 0 to 65535'],
  [{ type: 'u16' }, -1, '-1 does not fit u16; send 0 to 65535'],
  [{ type: 'i16', scale: 0.1 }, 3_276.8, '3276.8 does not fit i16; send -3276.8 to 3276.7'],
  [{ type: 'u16', scale: -1 }, 1, '1 does not fit u16; send -65535 to 0'],
  [{ type: 'u32' }, 4_294_967_296, '4294967296 does not fit u32; send 0 to 4294967295'],
  [{ type: 'f32' }, 1e39, /^1e\+39 does not fit f32/],
  [{ type: 'u16' }, 'warm', 'a register takes a number, not "warm"'],
  [{ type: 'u16' }, true, 'a register takes a number, not true'],
  [{ type: 'u16' }, null, 'a register takes a number, not null'],
  [{ type: 'bool' }, 2, 'a bit takes ON, OFF, true, false, 1 or 0, not 2'],
  [{ type: 'bool' }, 'TOGGLE', 'a bit takes ON, OFF, true, false, 1 or 0, not "TOGGLE"'],
  [{ type: 'bool', table: 'coil' }, { 'on-for': '5s' }, /^a bit takes ON, OFF, true, false, 1 or 0, not {"on-for"/],
] as const)('%o does not take %o', ([change, value, detail]) => {
  const matching = typeof detail === 'string' ? detail : expect.stringMatching(detail);
  expect(encodeRegister(config(change), value)).toMatchObject({
    ok: false,
    error: { reason: 'out-of-range', detail: matching },
  });
});

test('a number in text is a number; the nearest step of the register is taken, and told', () => {
  expect(encodeRegister(config({ scale: 0.1 }), '21.54')).toMatchObject({
    value: { request: { word: 215 }, value: 21.5 },
  });
});

test('a register that holds no number has no value', () => {
  expect(decodeRegister(config({ type: 'f32' }), [0x7fc0, 0])).toBeUndefined();
  expect(decodeRegister(config({ type: 'f32' }), [0x7f80, 0])).toBeUndefined();
});

test('every float is written and read as itself', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const float = config({ type: 'f32' });
      const encoded = encodeRegister(float, value);
      const request = encoded.ok ? encoded.value.request : undefined;
      const words = request?.code === 16 ? request.words : [];
      expect(Math.fround(Number(decodeRegister(float, words)))).toBe(value === 0 ? 0 : value);
    }),
  );
});
