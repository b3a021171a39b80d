import { sourceBytesMax } from '../limits.ts';
import type { Envelope, Kind, Value } from './message.ts';
import { clockQualities, kinds, queryModes } from './message.ts';
import { reasons, type Status, statuses } from './reason.ts';

/** How one encoding says the types that JSON and CBOR say differently (QN-3.1a). `undefined` means: is none. */
export interface Form {
  readonly name: 'json' | 'cbor';
  /** Whether this form can carry the text unchanged. */
  isText(text: string): boolean;
  readInteger(raw: unknown): number | undefined;
  writeInteger(value: number): unknown;
  readU64(raw: unknown): bigint | undefined;
  writeU64(value: bigint): unknown;
  /** A name in JSON; in CBOR its place in the table, counted from `first`. */
  readNumbered<Name extends string>(raw: unknown, table: readonly Name[], first: number): Name | undefined;
  writeNumbered(name: string, table: readonly string[], first: number): unknown;
  readValue(raw: unknown): Value | undefined;
  /** Undefined when this form cannot say the value, or the message would be nested too deep. */
  writeValue(value: Value): unknown;
  /** Entries of an object; in CBOR only of a map with nothing but text keys. */
  entries(raw: unknown): Iterable<readonly [string, unknown]> | undefined;
  object(entries: Iterable<readonly [string, unknown]>): unknown;
}

/** Fields with a name and a number of their own, by name. */
export type Fields = Required<Omit<Envelope, 'extra' | 'compact'>> & {
  readonly t: Kind;
  readonly st: Status;
  readonly val: Value;
};
export type FieldName = keyof Fields;

export interface Field<Type> {
  /** CBOR key. */
  readonly key: number;
  /** For the refusal: what should have stood there. */
  readonly expected: string;
  read(raw: unknown, form: Form): Type | undefined;
  write(value: Type, form: Form): unknown;
}

/** QN-3. The order is that of the table in the specification. */
export const fields: { readonly [Name in FieldName]: Field<Fields[Name]> } = {
  t: numbered(0, kinds, 1),
  id: u64(1),
  src: text(2, sourceBytesMax),
  doc: text(3),
  ep: u64(4),
  ver: integer(5),
  base: integer(6),
  val: {
    key: 7,
    expected: 'finite numbers, well-formed text, text keys, and base64 in {"$b64": …}',
    read: (raw, form) => form.readValue(raw),
    write: (value, form) => form.writeValue(value),
  },
  ts: integer(8),
  clk: numbered(9, clockQualities, 0),
  ttl: integer(10),
  pri: {
    key: 11,
    expected: 'an integer 0–3',
    read: (raw, form) => {
      const value = form.readInteger(raw);
      return value === 0 || value === 1 || value === 2 || value === 3 ? value : undefined;
    },
    write: (value) => value,
  },
  tr: text(12),
  st: choice(13, statuses),
  why: choice(14, reasons),
  detail: text(15),
  reply: text(16),
  mode: choice(17, queryModes),
  min: integer(18),
  max: integer(19),
  step: {
    key: 20,
    expected: 'a number ≥ 0',
    read: (raw, form) => {
      const value = form.readValue(raw);
      return typeof value === 'number' && value >= 0 ? value : undefined;
    },
    write: (value, form) => form.writeValue(value),
  },
  lease: integer(21),
  vc: { key: 22, expected: 'an object of integers 0…2^53−1', read: readClockVector, write: writeClockVector },
  tok: text(23),
  lsn: integer(24),
};

export function isFieldName(text: string): text is FieldName {
  return Object.hasOwn(fields, text);
}

export const fieldNames: readonly FieldName[] = Object.keys(fields).filter(isFieldName);

const nameOfKey = new Map(fieldNames.map((name) => [fields[name].key, name]));

export function fieldOfKey(key: number): FieldName | undefined {
  return nameOfKey.get(key);
}

function text(key: number, bytesMax = Infinity): Field<string> {
  const isText = (value: string, form: Form) => form.isText(value) && Buffer.byteLength(value) <= bytesMax;
  return {
    key,
    expected: bytesMax === Infinity ? 'well-formed text' : `well-formed text of at most ${bytesMax} bytes`,
    read: (raw, form) => (typeof raw === 'string' && isText(raw, form) ? raw : undefined),
    write: (value, form) => (isText(value, form) ? value : undefined),
  };
}

function integer(key: number): Field<number> {
  return {
    key,
    expected: 'an integer 0…2^53−1',
    read: (raw, form) => form.readInteger(raw),
    write: (value, form) => (isUnsigned(value) ? form.writeInteger(value) : undefined),
  };
}

function u64(key: number): Field<bigint> {
  return {
    key,
    expected: 'an unsigned integer of 64 bits, in JSON as decimal text',
    read: (raw, form) => form.readU64(raw),
    write: (value, form) => (isU64(value) ? form.writeU64(value) : undefined),
  };
}

function choice<Name extends string>(key: number, table: readonly Name[]): Field<Name> {
  return {
    key,
    expected: `one of ${table.join(', ')}`,
    read: (raw) => table.find((name) => name === raw),
    write: (value) => value,
  };
}

function numbered<Name extends string>(key: number, table: readonly Name[], first: number): Field<Name> {
  return {
    key,
    expected: `one of ${table.join(', ')}, in CBOR as ${first}…${first + table.length - 1}`,
    read: (raw, form) => form.readNumbered(raw, table, first),
    write: (value, form) => form.writeNumbered(value, table, first),
  };
}

function readClockVector(raw: unknown, form: Form): { readonly [node: string]: number } | undefined {
  const entries = form.entries(raw);
  if (entries === undefined) return undefined;
  const vector: [string, number][] = [];
  for (const [node, rawCount] of entries) {
    const count = form.readInteger(rawCount);
    if (count === undefined || !form.isText(node)) return undefined;
    vector.push([node, count]);
  }
  return Object.fromEntries(vector); // defines keys, so that `__proto__` is one like any other
}

function writeClockVector(vector: { readonly [node: string]: number }, form: Form): unknown {
  const entries = Object.entries(vector);
  if (!entries.every(([node, count]) => form.isText(node) && isUnsigned(count))) return undefined;
  return form.object(entries.map(([node, count]) => [node, form.writeInteger(count)]));
}

export function isUnsigned(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

const u64Max = 2n ** 64n - 1n;

export function isU64(value: bigint): boolean {
  return value >= 0n && value <= u64Max;
}
