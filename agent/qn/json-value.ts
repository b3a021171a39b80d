import { messageDepthMax } from '../limits.ts';
import { type Form, isU64, isUnsigned } from './fields.ts';
import type { Value } from './message.ts';

/** QN-3.2a. */
const bytesKey = '$b64';

/** How JSON says what JSON and CBOR say differently (QN-3.1a). */
export const jsonForm: Form = {
  name: 'json',
  isText: (text) => text.isWellFormed(),
  readInteger: (raw) => (isUnsigned(raw) ? raw + 0 : undefined), // + 0 makes 0 of −0
  writeInteger: (value) => value,
  readU64: (raw) => (typeof raw === 'string' && /^\d{1,20}$/.test(raw) ? inRange(BigInt(raw)) : undefined),
  writeU64: (value) => value.toString(),
  readNumbered: (raw, table) => table.find((name) => name === raw),
  writeNumbered: (name) => name,
  readValue,
  writeValue: (value) => writeValue(value, 2), // the message itself is level 1
  entries: (raw) => (isPlainObject(raw) ? Object.entries(raw) : undefined),
  object: (entries) => Object.fromEntries(entries),
};

function inRange(value: bigint): bigint | undefined {
  return isU64(value) ? value : undefined;
}

/** An object of JSON.parse: no array, no null. */
export function isPlainObject(raw: unknown): raw is object {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/** Of what JSON.parse gave; its depth was checked before. */
function readValue(raw: unknown): Value | undefined {
  if (typeof raw === 'number') return Number.isFinite(raw) ? raw + 0 : undefined; // 1e999 parses as Infinity
  if (typeof raw === 'string') return raw.isWellFormed() ? raw : undefined;
  if (raw === null || typeof raw === 'boolean') return raw;
  if (Array.isArray(raw)) return readArray(raw);
  return isPlainObject(raw) ? readObject(raw) : undefined;
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

function readObject(raw: object): Value | undefined {
  const rawEntries: [string, unknown][] = Object.entries(raw);
  const [first] = rawEntries;
  if (first !== undefined && rawEntries.length === 1 && first[0] === bytesKey) return readBytes(first[1]);
  const entries: [string, Value][] = [];
  for (const [key, rawItem] of rawEntries) {
    const item = readValue(rawItem);
    if (item === undefined || !key.isWellFormed()) return undefined;
    entries.push([key, item]);
  }
  return Object.fromEntries(entries); // defines keys, so that `__proto__` is one like any other
}

/** Canonical base64 only: Buffer would skip whatever it does not know. */
function readBytes(raw: unknown): Uint8Array | undefined {
  if (typeof raw !== 'string') return undefined;
  const bytes = Buffer.from(raw, 'base64');
  return bytes.toString('base64') === raw ? new Uint8Array(bytes) : undefined;
}

/** Undefined: too deep, not finite, broken text, or an object that would read back as bytes. */
function writeValue(value: Value, level: number): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'string') return value.isWellFormed() ? value : undefined;
  if (value === null || typeof value === 'boolean') return value;
  if (level > messageDepthMax) return undefined;
  if (value instanceof Uint8Array) return { [bytesKey]: Buffer.from(value).toString('base64') };
  if (isArray(value)) {
    const items = value.map((item) => writeValue(item, level + 1));
    return items.includes(undefined) ? undefined : items;
  }
  const entries = Object.entries(value).map(([key, item]) => [key, writeValue(item, level + 1)] as const);
  if (entries.length === 1 && entries[0]?.[0] === bytesKey) return undefined;
  return entries.every(([key, item]) => item !== undefined && key.isWellFormed())
    ? Object.fromEntries(entries)
    : undefined;
}

/** Array.isArray does not narrow readonly arrays. */
export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
