/*
 * The CBOR that MCUmgr speaks, by the byte from RFC 8949 and with no library: whole numbers, byte strings, text, lists,
 * maps with text keys, false and true, with definite lengths or (maps and lists) ended by 0xff. Everything else throws:
 * a microcontroller would not take it either.
 */
export type SmallValue = number | boolean | string | Uint8Array | readonly SmallValue[] | SmallMap;
export interface SmallMap {
  readonly [key: string]: SmallValue;
}

const major = { whole: 0, bytes: 2, text: 3, list: 4, map: 5 } as const;

export function encodeSmall(value: SmallValue): Buffer {
  if (typeof value === 'boolean') return Buffer.from([value ? 0xf5 : 0xf4]);
  if (typeof value === 'number') return head(major.whole, value);
  if (typeof value === 'string') return Buffer.concat([head(major.text, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(major.bytes, value.length), value]);
  if (isList(value)) return Buffer.concat([head(major.list, value.length), ...value.map(encodeSmall)]);
  const entries = Object.entries(value);
  return Buffer.concat([head(major.map, entries.length), ...entries.flat().map(encodeSmall)]);
}

/** Exactly one map, with nothing behind it. */
export function decodeSmall(bytes: Uint8Array): SmallMap {
  const reader = new Reader(Buffer.from(bytes));
  const value = reader.item();
  if (!reader.isAtEnd) throw new Error('bytes behind the end');
  if (typeof value !== 'object' || isList(value) || value instanceof Uint8Array) throw new Error('no map');
  return value;
}

/** The shortest form, as RFC 8949 4.2.1 wants it. */
function head(type: number, argument: number): Buffer {
  const first = type << 5;
  if (argument < 24) return Buffer.from([first | argument]);
  if (argument < 0x100) return Buffer.from([first | 24, argument]);
  if (argument < 0x10000) return Buffer.from([first | 25, argument >> 8, argument & 0xff]);
  const long = Buffer.from([first | 26, 0, 0, 0, 0]);
  long.writeUInt32BE(argument, 1);
  return long;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  item(): SmallValue {
    const first = this.#take(1).readUInt8();
    if (first === 0xf4 || first === 0xf5) return first === 0xf5;
    const type = first >> 5;
    const info = first & 0x1f;
    if (type === major.list) return this.#items(this.#count(info));
    if (type === major.map) return this.#map(this.#count(info));
    const argument = this.#argument(info);
    if (type === major.whole) return argument;
    if (type === major.bytes) return Uint8Array.from(this.#take(argument));
    if (type === major.text) return this.#take(argument).toString('utf8');
    throw new Error(`CBOR of MCUmgr has no 0x${first.toString(16)}`);
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info > 26) throw new Error(`a length or number of kind ${info}`);
    const bytes = 2 ** (info - 24);
    return this.#take(bytes).readUIntBE(0, bytes);
  }

  #count(info: number): number {
    return info === 31 ? Infinity : this.#argument(info);
  }

  #items(count: number): readonly SmallValue[] {
    const items: SmallValue[] = [];
    while (items.length < count && !this.#breaks(count)) items.push(this.item());
    return items;
  }

  #map(count: number): SmallMap {
    const entries: (readonly [string, SmallValue])[] = [];
    while (entries.length < count && !this.#breaks(count)) {
      const key = this.item();
      if (typeof key !== 'string') throw new Error('a key that is no text');
      entries.push([key, this.item()]);
    }
    return Object.fromEntries(entries);
  }

  #breaks(count: number): boolean {
    if (count !== Infinity || this.#bytes[this.#at] !== 0xff) return false;
    this.#at += 1;
    return true;
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Error('cut short');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

function isList(value: SmallValue): value is readonly SmallValue[] {
  return Array.isArray(value);
}
