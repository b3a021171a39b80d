import { readFileSync } from 'node:fs';

/** Rows of test/cases/vectors, as its README describes them. */
export interface MessageRow {
  readonly name: string;
  readonly message: { readonly t: string; readonly id: string; readonly [field: string]: unknown };
  readonly cbor: string;
}

export interface CompactRow {
  readonly name: string;
  readonly fields: {
    readonly kind: string;
    readonly vtype: string;
    readonly value: null | boolean | number;
    readonly channel: number;
    readonly id: number;
    readonly ts: number;
    readonly pri: number;
    readonly ack: boolean;
    readonly clk: number;
  };
  readonly bytes: string;
}

export interface RefusalRow {
  readonly name: string;
  readonly bytes: string;
  readonly reason: string;
}

export const messageRows = read('messages') as readonly MessageRow[];
export const compactRows = read('compact') as readonly CompactRow[];
export const refusalRows = read('refusals') as readonly RefusalRow[];

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../cases/vectors/${name}.json`, import.meta.url), 'utf8'));
}

/** Hex, white space allowed. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
