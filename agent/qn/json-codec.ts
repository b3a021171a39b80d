import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { messageBytesMax, messageDepthMax } from '../limits.ts';
import type { Codec, DecodeContext } from './codec.ts';
import { type FieldName, isFieldName } from './fields.ts';
import { scanJsonDepth } from './json-scan.ts';
import { isPlainObject, jsonForm } from './json-value.ts';
import type { Message } from './message.ts';
import { messageOfRaw, rawOfMessage } from './raw-message.ts';
import type { Refusal } from './reason.ts';

/** What any JSON text may begin with: white space, a value's first byte. */
const firstBytes = new Set(new TextEncoder().encode('\t\n\r {["-0123456789tfn'));

/** QN-3, RFC 8259. */
export const jsonCodec: Codec = {
  name: 'json',
  contentType: 'application/json',
  claims: (firstByte) => firstBytes.has(firstByte),
  decode(bytes, context) {
    const parsed = parseJson(bytes);
    return parsed.ok ? messageOfJson(parsed.value.raw, context) : parsed;
  },
  encode(message) {
    const raw = rawOfMessage(message, jsonForm);
    if (!raw.ok) return raw;
    const entries = [...raw.value.known, ...raw.value.unknown];
    const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
    return bytes.length > messageBytesMax ? fail(tooLarge(bytes.length)) : ok(bytes);
  },
};

export interface ParsedJson {
  readonly raw: unknown;
  readonly depth: number;
}

/** Any JSON text within the limits of QN-3.5. */
export function parseJson(bytes: Uint8Array): Result<ParsedJson, Refusal> {
  if (bytes.length > messageBytesMax) return fail(tooLarge(bytes.length));
  const scan = scanJsonDepth(bytes);
  if ('tooDeepAt' in scan) {
    return malformed(`nested deeper than ${messageDepthMax} levels at byte ${scan.tooDeepAt}`);
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return malformed('not UTF-8: JSON must be');
  try {
    const raw: unknown = JSON.parse(text);
    return ok({ raw, depth: scan.depth });
  } catch (error) {
    return malformed(`not JSON at byte ${offsetOfFault(text, error)}`);
  }
}

export function messageOfJson(raw: unknown, context: DecodeContext): Result<Message, Refusal> {
  if (!isPlainObject(raw)) return malformed('a message is a JSON object');
  const known = new Map<FieldName, unknown>();
  const unknown = new Map<string, unknown>();
  for (const [key, value] of Object.entries(raw)) {
    if (isFieldName(key)) known.set(key, value);
    else unknown.set(key, value);
  }
  return messageOfRaw({ known, unknown }, jsonForm, context);
}

export function tooLarge(bytesCount: number, bytesMax = messageBytesMax): Refusal {
  return { reason: 'too-large', detail: `${bytesCount} bytes: a message has at most ${bytesMax}` }; // QN-3.5
}

function malformed(detail: string): Result<never, Refusal> {
  return fail({ reason: 'malformed', detail });
}

/** Undefined where it is not UTF-8. A byte order mark stays, and is refused by the parser. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined; // what a fatal decoder throws
    throw error;
  }
}

/** The parser names a place in UTF-16 units in its message, or none at the end of the text. */
function offsetOfFault(text: string, error: unknown): number {
  const place = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return Buffer.byteLength(place === undefined ? text : text.slice(0, Number(place)));
}
