import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { messageBytesMax } from '../limits.ts';
import { cborCodec } from './cbor-codec.ts';
import type { Codec, DecodeContext } from './codec.ts';
import { compactCodec } from './compact-codec.ts';
import { jsonCodec, tooLarge } from './json-codec.ts';
import type { Message } from './message.ts';
import type { Refusal } from './reason.ts';

/** Every encoding of messages. No two claim the same first byte. */
export const codecs: readonly Codec[] = Object.freeze([compactCodec, jsonCodec, cborCodec]);

export interface EncodedMessage {
  /** The caller's. */
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Any bytes to a message; see Codec for what is promised. */
export function decodeMessage(bytes: Uint8Array, context: DecodeContext): Result<Message, Refusal> {
  if (bytes.length > messageBytesMax) return fail(tooLarge(bytes.length));
  const codec = codecFor(bytes, context.contentType);
  return codec === undefined ? fail(unclaimed(bytes)) : codec.decode(bytes, context);
}

/** Fails with `unsupported` when that encoding cannot say the message, and with `too-large`. */
export function encodeMessage(message: Message, name: Codec['name']): Result<EncodedMessage, Refusal> {
  const codec = codecs.find((row) => row.name === name);
  if (codec === undefined) return fail({ reason: 'unsupported', detail: `no such encoding: ${name}` });
  const encoded = codec.encode(message);
  return encoded.ok ? ok({ bytes: encoded.value, contentType: codec.contentType }) : encoded;
}

/** By Content Type where it names one of ours, else by the first byte (QN-3); undefined when neither does. */
export function codecFor(bytes: Uint8Array, contentType?: string): Codec | undefined {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  const [first] = bytes;
  return (
    codecs.find((codec) => codec.contentType === mediaType) ??
    codecs.find((codec) => first !== undefined && codec.claims(first))
  );
}

export function unclaimed(bytes: Uint8Array): Refusal {
  const [first] = bytes;
  const detail =
    first === undefined
      ? 'an empty payload: send JSON, CBOR or the compact form'
      : `no encoding begins with byte 0x${first.toString(16).padStart(2, '0')}: send JSON, CBOR or the compact form`;
  return { reason: 'malformed', detail };
}
