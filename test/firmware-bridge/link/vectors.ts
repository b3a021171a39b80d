import { readFileSync } from 'node:fs';
import type { LinkFrame } from '../../../firmware-bridge/link/frame.ts';

/** Rows of test/cases/vectors/link-*.json, as the README there describes them. Bodies and wires are hex. */
export interface FrameRow {
  readonly type: number;
  readonly seq: number;
  readonly body: string;
}
export interface WireRow extends FrameRow {
  readonly wire: string;
}
export interface StreamRow {
  readonly wire: string;
  readonly frames: readonly FrameRow[];
}

export const frameRows = read('link-frames') as readonly WireRow[];
export const streamRows = read('link-streams') as readonly StreamRow[];

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../cases/vectors/${name}.json`, import.meta.url), 'utf8'));
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

export function toRow({ type, seq, body }: LinkFrame): FrameRow {
  return { type, seq, body: Buffer.from(body).toString('hex') };
}
