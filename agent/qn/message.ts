import type { Reason, Status } from './reason.ts';

/** A value of a document: what JSON can say, and bytes (QN-3.2a). Objects are plain; no undefined, NaN or Infinity. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** What a message has besides its value, and more. */
export const envelopeBytes = 512;

/** The number of a kind is its place here, beginning with 1 (QN-3). */
export const kinds = ['query', 'snapshot', 'delta', 'notify', 'ack', 'event', 'health'] as const;
export type Kind = (typeof kinds)[number];

/** How far the sender's `ts` can be trusted; the number is the place (QN-3). */
export const clockQualities = ['synced', 'estimated', 'boot'] as const;
export type ClockQuality = (typeof clockQualities)[number];

export type Priority = 0 | 1 | 2 | 3;

export const queryModes = ['get', 'watch', 'cancel'] as const;
export type QueryMode = (typeof queryModes)[number];

export const compactValueTypes = ['none', 'bool', 'i32', 'u32', 'f32', 'milli'] as const;
export type CompactValueType = (typeof compactValueTypes)[number];

/** What only the compact form says (QN-3.3). Needed to encode it; JSON and CBOR ignore it. */
export interface CompactPart {
  /** Stands for the document, 0–65535. */
  readonly channel: number;
  readonly ackWanted: boolean;
  readonly valueType: CompactValueType;
}

/** Fields any message may carry. Names are those of the JSON form; see the table in protocol.md, QN-3. */
export interface Envelope {
  /** u64 Snowflake, QN-9. */
  readonly id?: bigint;
  readonly src?: string;
  /** Absent where the topic says it. */
  readonly doc?: string;
  /** Milliseconds since 1970, the sender's clock. */
  readonly ts?: number;
  readonly clk?: ClockQuality;
  readonly pri?: Priority;
  /** Milliseconds after `ts` in which a notify may be executed. */
  readonly ttl?: number;
  /** W3C traceparent. */
  readonly tr?: string;
  readonly reply?: string;
  /** Owner's epoch, u64. */
  readonly ep?: bigint;
  /** Version after this message. */
  readonly ver?: number;
  readonly base?: number;
  readonly vc?: { readonly [node: string]: number };
  readonly tok?: string;
  readonly lsn?: number;
  readonly why?: Reason;
  readonly detail?: string;
  readonly mode?: QueryMode;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly lease?: number;
  /** Fields this version does not know, as they came; passed on, never acted upon (QN-3.1). CBOR keys as decimal text. */
  readonly extra?: { readonly [key: string]: Value };
  readonly compact?: CompactPart;
}

export interface Query extends Envelope {
  readonly t: 'query';
  readonly val?: Value;
}
export interface Snapshot extends Envelope {
  readonly t: 'snapshot';
  readonly val: Value;
}
/** `val` is a JSON Merge Patch against version `base`. */
export interface Delta extends Envelope {
  readonly t: 'delta';
  readonly val: Value;
}
export interface Notify extends Envelope {
  readonly t: 'notify';
  readonly val: Value;
}
export interface Ack extends Envelope {
  readonly t: 'ack';
  readonly st: Status;
  readonly val?: Value;
}
export interface Event extends Envelope {
  readonly t: 'event';
  readonly val: Value;
}
export interface Health extends Envelope {
  readonly t: 'health';
  readonly val?: Value;
}

export type Message = Query | Snapshot | Delta | Notify | Ack | Event | Health;
