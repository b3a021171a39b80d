import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { messageBytesMax, messageDepthMax } from '../limits.ts';
import { messageOfCbor, parseCbor } from './cbor-codec.ts';
import { cborForm } from './cbor-value.ts';
import type { Codec, DecodeContext } from './codec.ts';
import { decodeUtf8, messageOfJson, parseJson, tooLarge } from './json-codec.ts';
import { isPlainObject, jsonForm } from './json-value.ts';
import type { Kind, Message, Notify, Query, Value } from './message.ts';
import { contradiction } from './raw-message.ts';
import type { Refusal } from './reason.ts';
import { codecFor, decodeMessage, unclaimed } from './registry.ts';

/** QN-3.2. */
const tokenPattern = /^[A-Za-z0-9_.+-]{1,32}$/;
const tokenBytesMax = 32;

/**
 * What arrived on a notify topic. An object with `val`, a CBOR map with an integer key and anything compact are messages;
 * anything else is the value of a notify without id (QN-3.2).
 */
export function decodeNotify(bytes: Uint8Array, context: DecodeContext): Result<Notify, Refusal> {
  const decoded = decodeNotifyOrValue(bytes, { ...context, kind: 'notify' });
  if (!decoded.ok) return decoded;
  return decoded.value.t === 'notify' ? ok(decoded.value) : fail(wrongKind(decoded.value, 'notify'));
}

/** What arrived on a query topic; nothing at all asks for the value (QN-5.1). */
export function decodeQuery(bytes: Uint8Array, context: DecodeContext): Result<Query, Refusal> {
  if (bytes.length === 0) return ok({ t: 'query' });
  const decoded = decodeMessage(bytes, { ...context, kind: 'query' });
  if (!decoded.ok) return decoded;
  return decoded.value.t === 'query' ? ok(decoded.value) : fail(wrongKind(decoded.value, 'query'));
}

/** Somebody else's payload, which is always a value and never a message (QN-2.2). */
export function decodeBareValue(bytes: Uint8Array, contentType?: string): Result<Value, Refusal> {
  if (bytes.length > messageBytesMax) return fail(tooLarge(bytes.length));
  if (codecName(bytes, contentType) === 'cbor') {
    const parsed = parseCbor(bytes);
    return parsed.ok ? bareValue(cborForm.readValue(parsed.value.raw), parsed.value.depth) : parsed;
  }
  const parsed = parseJson(bytes);
  if (parsed.ok) return bareValue(jsonForm.readValue(parsed.value.raw), parsed.value.depth);
  return decodeToken(bytes) ?? parsed;
}

function decodeNotifyOrValue(bytes: Uint8Array, context: DecodeContext): Result<Message, Refusal> {
  if (bytes.length > messageBytesMax) return fail(tooLarge(bytes.length));
  switch (codecName(bytes, context.contentType)) {
    case 'compact':
      return decodeMessage(bytes, context);
    case 'cbor': {
      const parsed = parseCbor(bytes);
      if (!parsed.ok) return parsed;
      if (parsed.value.hasIntegerKey) return messageOfCbor(parsed.value, context);
      return notifyOf(bareValue(cborForm.readValue(parsed.value.raw), parsed.value.depth));
    }
    case 'json': {
      const parsed = parseJson(bytes);
      if (!parsed.ok) return notifyOf(decodeToken(bytes) ?? parsed);
      const { raw, depth } = parsed.value;
      const isMessage = isPlainObject(raw) && Object.hasOwn(raw, 'val');
      return isMessage ? messageOfJson(raw, context) : notifyOf(bareValue(jsonForm.readValue(raw), depth));
    }
    case undefined:
      return notifyOf(decodeToken(bytes) ?? fail(unclaimed(bytes)));
  }
}

function codecName(bytes: Uint8Array, contentType?: string): Codec['name'] | undefined {
  return codecFor(bytes, contentType)?.name;
}

/** A word that is no JSON stands for itself: `ON`, `open`, `23,5` is none. */
function decodeToken(bytes: Uint8Array): Result<Value, Refusal> | undefined {
  const text = bytes.length > tokenBytesMax ? undefined : decodeUtf8(bytes);
  return text !== undefined && tokenPattern.test(text) ? ok(text) : undefined;
}

/** One level is left for the message that will carry the value. */
function bareValue(value: Value | undefined, depth: number): Result<Value, Refusal> {
  if (value === undefined) return fail({ reason: 'malformed', detail: 'the payload is no value of a document' });
  if (depth < messageDepthMax) return ok(value);
  return fail({ reason: 'malformed', detail: `a value is nested deeper than ${messageDepthMax - 1} levels` });
}

function notifyOf(value: Result<Value, Refusal>): Result<Notify, Refusal> {
  return value.ok ? ok({ t: 'notify', val: value.value }) : value;
}

function wrongKind({ t, id }: Message, expected: Kind): Refusal {
  const refusal = { reason: 'unsupported', detail: contradiction(t, expected) } as const;
  return id === undefined ? refusal : { ...refusal, id };
}
