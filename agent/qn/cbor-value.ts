import { messageDepthMax } from '../limits.ts';
import { type Form, isU64, isUnsigned } from './fields.ts';
import { isArray } from './json-value.ts';
import type { Value } from './message.ts';

/** How CBOR says what JSON and CBOR say differently (QN-3.1a). It reads what the decoder makes of a scanned item. */
export const cborForm: Form = {
  name: 'cbor',
  isText,
  readInteger: (raw) => {
    const value = readNumber(raw);
    return isUnsigned(value) ? value : undefined;
  },
  writeInteger: writeNumber,
  readU64: (raw) => {
    const value = typeof raw === 'number' && Number.isSafeInteger(raw) ? BigInt(raw) : raw;
    return typeof value === 'bigint' && isU64(value) ? value : undefined;
  },
  writeU64: (value) => (value <= 0xffff_ffffn ? Number(value) : value),
  readNumbered: (raw, table, first) => table[(readNumber(raw) ?? Number.NaN) - first],
  writeNumbered: (name, table, first) => table.indexOf(name) + first,
  readValue,
  writeValue: (value) => writeValue(value, 2), // the message itself is level 1
  entries: textEntries,
  object: (entries) => new Map(entries),
};

/** The decoder gives a bigint for every integer of eight bytes. */
export function readNumber(raw: unknown): number | undefined {
  if (typeof raw === 'number') return raw + 0; // + 0 makes 0 of −0
  const value = typeof raw === 'bigint' ? Number(raw) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The encoder would make a float of an integer beyond 32 bits. */
export function writeNumber(value: number): unknown {
  const isBeyond32Bits = value > 0xffff_ffff || value < -0x1_0000_0000;
  return isBeyond32Bits && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function readValue(raw: unknown): Value | undefined {
  if (typeof raw === 'number' || typeof raw === 'bigint') return readNumber(raw);
  if (raw === null || typeof raw === 'boolean' || typeof raw === 'string') return raw;
  if (raw instanceof Uint8Array) return raw;
  if (Array.isArray(raw)) return readArray(raw);
  const rawEntries = textEntries(raw);
  return rawEntries === undefined ? undefined : readEntries(rawEntries);
}

function readArray(raw: readonly unknown[]): Value | undefined {
  const items: Value[] = [];
  for (const rawItem of raw) {
    const item = readValue(rawItem);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function readEntries(rawEntries: readonly (readonly [string, unknown])[]): Value | undefined {
  const entries: [string, Value][] = [];
  for (const [key, rawItem] of rawEntries) {
    const item = readValue(rawItem);
    if (item === undefined) return undefined;
    entries.push([key, item]);
  }
  return Object.fromEntries(entries); // defines keys, so that `__proto__` is one like any other
}

function textEntries(raw: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (!(raw instanceof Map)) return undefined;
  const entries: (readonly [string, unknown])[] = [];
  for (const [key, value] of raw) {
    if (typeof key !== 'string') return undefined;
    entries.push([key, value]);
  }
  return entries;
}

/** Undefined: too deep, not finite, or text the scan would refuse. Maps, so that no key means anything to the encoder. */
function writeValue(value: Value, level: number): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? writeNumber(value) : undefined;
  if (typeof value === 'string') return isText(value) ? value : undefined;
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return value;
  if (level > messageDepthMax) return undefined;
  if (isArray(value)) {
    const items = value.map((item) => writeValue(item, level + 1));
    return items.includes(undefined) ? undefined : items;
  }
  const entries = Object.entries(value).map(([key, item]) => [key, writeValue(item, level + 1)] as const);
  return entries.every(([key, item]) => item !== undefined && isText(key)) ? new Map(entries) : undefined;
}

/** See cbor-scan.ts for the byte order mark. */
function isText(text: string): boolean {
  return text.isWellFormed() && !text.startsWith('\ufeff');
}
