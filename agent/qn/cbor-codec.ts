import { Decoder, Encoder } from 'cbor-x/index-no-eval'; // The build without its native string reader.
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { messageBytesMax } from '../limits.ts';
import { type CborShape, scanCbor } from './cbor-scan.ts';
import { cborForm, readNumber, writeNumber } from './cbor-value.ts';
import type { Codec, DecodeContext } from './codec.ts';
import { type FieldName, fieldOfKey, fields, isFieldName } from './fields.ts';
import { tooLarge } from './json-codec.ts';
import type { Message } from './message.ts';
import { messageOfRaw, type RawMessage, rawOfMessage } from './raw-message.ts';
import type { Refusal } from './reason.ts';

const options = { useRecords: false, mapsAsObjects: false, tagUint8Array: false, copyBuffers: true };
const decoder = new Decoder(options);
const encoder = new Encoder(options);

/** RFC 8949, 3.4.6: "this is CBOR". */
const selfDescribedTag = [0xd9, 0xd9, 0xf7] as const;

/** QN-3, RFC 8949. */
export const cborCodec: Codec = {
  name: 'cbor',
  contentType: 'application/cbor',
  claims: (firstByte) => (firstByte >= 0xa0 && firstByte <= 0xbf) || firstByte === selfDescribedTag[0],
  decode(bytes, context) {
    const parsed = parseCbor(bytes);
    return parsed.ok ? messageOfCbor(parsed.value, context) : parsed;
  },
  encode(message) {
    const raw = rawOfMessage(message, cborForm);
    if (!raw.ok) return raw;
    const bytes = new Uint8Array(encoder.encode(mapOfRaw(raw.value))); // A copy: the encoder's chunk holds other messages too.
    return bytes.length > messageBytesMax ? fail(tooLarge(bytes.length)) : ok(bytes);
  },
};

export interface ParsedCbor extends CborShape {
  /** Maps, arrays, text, numbers, bigints of eight-byte integers, bytes, booleans, null. */
  readonly raw: unknown;
}

/** Any single item within the limits of QN-3.5. The decoder never sees bytes that the scan did not find sound. */
export function parseCbor(bytes: Uint8Array): Result<ParsedCbor, Refusal> {
  if (bytes.length > messageBytesMax) return fail(tooLarge(bytes.length));
  const start = selfDescribedTag.every((byte, index) => bytes[index] === byte) ? selfDescribedTag.length : 0;
  // A plain view of our own: the decoder leaves a property behind on it, and copies bytes as what it is.
  const item = new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start);
  const shape = scanCbor(item);
  if ('offset' in shape) return malformed(`not CBOR at byte ${shape.offset + start}: ${shape.detail}`);
  try {
    const raw: unknown = decoder.decode(item);
    return ok({ ...shape, raw });
  } catch (error) {
    return malformed(`not CBOR: ${String(error)}`);
  }
}

export function messageOfCbor(parsed: ParsedCbor, context: DecodeContext): Result<Message, Refusal> {
  if (!(parsed.raw instanceof Map)) return malformed('a message is a CBOR map');
  const known = new Map<FieldName, unknown>();
  const unknown = new Map<string, unknown>();
  for (const [key, value] of parsed.raw) {
    const number = typeof key === 'string' ? undefined : readNumber(key);
    const name = number === undefined ? undefined : fieldOfKey(number);
    if (name !== undefined) known.set(name, value);
    else if (isFieldName(key)) return malformed(`field ${key} came under its name: its key is ${fields[key].key}`);
    else unknown.set(String(key), value);
  }
  if (known.size + unknown.size !== parsed.entriesCount) return malformed('a key comes twice');
  return messageOfRaw({ known, unknown }, cborForm, context);
}

function mapOfRaw(raw: RawMessage): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (const [name, value] of raw.known) map.set(fields[name].key, value);
  for (const [key, value] of raw.unknown) map.set(keyOfUnknown(key), value);
  return map;
}

/** Decimal text came as an integer, unless that integer is a field of ours. */
function keyOfUnknown(key: string): unknown {
  const number = Number(key);
  const isInteger = String(number) === key && Number.isSafeInteger(number) && fieldOfKey(number) === undefined;
  return isInteger ? writeNumber(number) : key;
}

function malformed(detail: string): Result<never, Refusal> {
  return fail({ reason: 'malformed', detail });
}
