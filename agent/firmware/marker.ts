import { isPlainMap } from '../config/plain-map.ts';
import { tryParseJson } from '../config/try-parse-json.ts';
import { markerBytesMax } from './limits.ts';
import type { WriteOrder } from './order.ts';

/** Where a microcontroller stands; written before it is touched, so that a restart of the agent finds it. */
export interface Marker {
  /**
   * writing: from before the first byte until it was verified; the agent goes on by itself. done: it runs. given-up: the
   * next order, or the next start of the agent, tries again.
   */
  readonly phase: 'writing' | 'done' | 'given-up';
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The old program is gone. */
  readonly isTouched: boolean;
  readonly version?: string;
  readonly hardware?: string;
  /** What the new program said of itself when it greeted. */
  readonly firmware?: string;
  readonly why?: string;
}

export type MarkerRest = Pick<Marker, 'phase' | 'isTouched' | 'firmware' | 'why'>;

export function markerOf({ sha256, sizeBytes, version, hardware }: WriteOrder, rest: MarkerRest): Marker {
  const named = { ...(version !== undefined && { version }), ...(hardware !== undefined && { hardware }) };
  return { sha256, sizeBytes, ...named, ...rest };
}

/** What is to be done again. */
export function orderOf({ sha256, sizeBytes, version, hardware }: Marker): WriteOrder {
  const named = { ...(version !== undefined && { version }), ...(hardware !== undefined && { hardware }) };
  return { kind: 'write', sha256, sizeBytes, ...named };
}

export function markerText(marker: Marker): string {
  return JSON.stringify(marker);
}

/** Undefined for what is none: then it is as if nothing was ever written. */
export function parseMarker(text: string): Marker | undefined {
  if (text.length > markerBytesMax) return undefined;
  const record = tryParseJson(text);
  if (!isPlainMap(record)) return undefined;
  const { phase, sha256, sizeBytes, isTouched } = record;
  if (phase !== 'writing' && phase !== 'done' && phase !== 'given-up') return undefined;
  if (typeof sha256 !== 'string' || typeof sizeBytes !== 'number' || typeof isTouched !== 'boolean') return undefined;
  const texts = ['version', 'hardware', 'firmware', 'why'].flatMap((key) => {
    const value = record[key];
    return typeof value === 'string' ? [[key, value] as const] : [];
  });
  return { phase, sha256, sizeBytes, isTouched, ...Object.fromEntries(texts) };
}
