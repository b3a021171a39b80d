import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { ModbusRequest } from '../../drivers/modbus/request.ts';
import { shortest32 } from '../../drivers/shortest32.ts';
import type { ModbusRegisterConfig } from '../config/config.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { brief, planSwitch } from './gpio-out.ts';

const readCodes = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;

const ranges = {
  u16: [0, 0xffff],
  i16: [-0x8000, 0x7fff],
  u32: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
  f32: [-3.4028234663852886e38, 3.4028234663852886e38],
} as const;

export function readRequest({ table, register, type }: ModbusRegisterConfig): ModbusRequest {
  return { code: readCodes[table], address: register, count: isTwoWords(type) ? 2 : 1 };
}

/** What a unit answered, as the value of the document; undefined when it is no number. */
export function decodeRegister(config: ModbusRegisterConfig, values: readonly number[]): number | boolean | undefined {
  const { type, scale, offset } = config;
  const raw = rawOf(config, values);
  if (type === 'bool') return raw !== 0;
  if (!Number.isFinite(raw)) return undefined;
  const value = scale === 1 && offset === 0 ? raw : raw * scale + offset;
  return type === 'f32' ? shortest32(value) : Number(value.toPrecision(15));
}

/** The request that writes a value, and the value the register has afterwards. */
export function encodeRegister(
  config: ModbusRegisterConfig,
  value: Value,
): Result<{ readonly request: ModbusRequest; readonly value: number | boolean }, Refusal> {
  const raw = config.type === 'bool' ? rawSwitch(value) : rawNumber(config, value);
  if (!raw.ok) return raw;
  const words = wordsOf(config, raw.value);
  const written = decodeRegister(config, words);
  if (written === undefined) return fail(notNumber(value));
  return ok({ request: writeRequest(config, words), value: written });
}

function rawOf({ type, wordOrder }: ModbusRegisterConfig, values: readonly number[]): number {
  const [first = 0, second = 0] = wordOrder === 'big' || !isTwoWords(type) ? values : values.toReversed();
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, first);
  view.setUint16(2, second);
  switch (type) {
    case 'bool':
    case 'u16':
      return first;
    case 'i16':
      return view.getInt16(0);
    case 'u32':
      return view.getUint32(0);
    case 'i32':
      return view.getInt32(0);
    case 'f32':
      return view.getFloat32(0);
  }
}

function wordsOf({ type, wordOrder }: ModbusRegisterConfig, raw: number): readonly number[] {
  if (!isTwoWords(type)) return [raw & 0xffff];
  const view = new DataView(new ArrayBuffer(4));
  if (type === 'f32') view.setFloat32(0, raw);
  else view.setUint32(0, raw);
  const words = [view.getUint16(0), view.getUint16(2)];
  return wordOrder === 'big' ? words : words.toReversed();
}

function rawSwitch(value: Value): Result<number, Refusal> {
  const planned = planSwitch(value);
  if (planned.ok && planned.value.do === 'set') return ok(planned.value.on ? 1 : 0);
  return fail({ reason: 'out-of-range', detail: `a bit takes ON, OFF, true, false, 1 or 0, not ${brief(value)}` });
}

function rawNumber(config: ModbusRegisterConfig, value: Value): Result<number, Refusal> {
  const { type, scale, offset } = config;
  const number = typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (type === 'bool' || typeof number !== 'number') return fail(notNumber(value));
  const exact = (number - offset) / scale;
  const raw = type === 'f32' ? exact : Math.round(exact);
  const [min, max] = ranges[type];
  if (raw >= min && raw <= max) return ok(raw === 0 ? 0 : raw); // Never -0, which has a sign in f32.
  const [low, high] = [min * scale + offset, max * scale + offset].toSorted((left, right) => left - right);
  const detail = `${number} does not fit ${type}; send ${tidy(low)} to ${tidy(high)}`;
  return fail({ reason: 'out-of-range', detail });
}

function notNumber(value: Value): Refusal {
  return { reason: 'out-of-range', detail: `a register takes a number, not ${brief(value)}` };
}

function writeRequest({ table, register, type }: ModbusRegisterConfig, words: readonly number[]): ModbusRequest {
  const [word = 0] = words;
  if (table === 'coil') return { code: 5, address: register, isOn: word !== 0 };
  if (isTwoWords(type)) return { code: 16, address: register, words };
  return { code: 6, address: register, word };
}

function isTwoWords(type: ModbusRegisterConfig['type']): boolean {
  return type === 'u32' || type === 'i32' || type === 'f32';
}

function tidy(value: number | undefined): number {
  return Number((value ?? 0).toPrecision(12));
}
