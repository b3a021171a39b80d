import type { Result } from '../../drivers/contract/result.ts';
import type { Kind, Message } from './message.ts';
import type { Refusal } from './reason.ts';

/** What the transport already says about a message. */
export interface DecodeContext {
  /** From the topic's verb; a message without a kind of its own is of this kind. */
  readonly kind?: Kind;
  /** MQTT 5 Content Type; unknown ones are ignored and the first byte decides (QN-3). */
  readonly contentType?: string;
  /** Wall clock in ms; compact stamps are the one nearest to it. */
  readonly nowMs: number;
}

/**
 * One encoding of messages. To add one: a file with its codec, and a row in registry.ts.
 *
 * `decode` takes any bytes: it never throws, never hangs, and never allocates in proportion to a length the bytes only
 * claim. It does not keep `bytes`; values in the message are copies.
 */
export interface Codec {
  readonly name: 'json' | 'cbor' | 'compact';
  readonly contentType: string;
  /** Whether a message whose first byte is this one is in this encoding. */
  claims(firstByte: number): boolean;
  decode(bytes: Uint8Array, context: DecodeContext): Result<Message, Refusal>;
  /** Fails with `unsupported` when this encoding cannot say the message. The result is the caller's. */
  encode(message: Message): Result<Uint8Array, Refusal>;
}
