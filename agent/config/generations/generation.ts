import { crypto } from '../../late-modules.ts';
import type { Value } from '../../qn/message.ts';
import { canonicalText, valueDigest } from '../../trust/value-digest.ts';
import { isPlainMap } from '../plain-map.ts';
import { tryParseJson } from '../try-parse-json.ts';

export type ClockVector = { readonly [author: string]: number };

/** file: the config file of the board · push: over the air · reload: another file on the board · rollback: one of before. */
export type Origin = 'file' | 'push' | 'reload' | 'rollback';

/** One config that ran or is to run, with everything needed to say what may follow it. */
export interface Generation {
  readonly version: number;
  readonly vc: ClockVector;
  readonly origin: Origin;
  readonly author: string;
  /** Wall clock when it was taken; it may be wrong. */
  readonly atMs: number;
  /** As it was written: defaults are not filled in, the environment is not in it. Secrets are references. */
  readonly value: Value;
  /** Of the `val` of the message that brought it, as in a token. */
  readonly pushed?: string;
  /** `contentOf` the config file of then: when that has changed since, somebody meant it. */
  readonly file?: string;
}

/** Equal for equal configs, however they came. */
export function contentOf(value: Value): string {
  return valueDigest(value);
}

/** With a sum, so that a card that forgets is found out (QN-7.3). */
export function encodeGeneration(generation: Generation): string {
  const body = canonicalText({ ...generation });
  return `${JSON.stringify({ format: 1, sum: sumOf(body) }).slice(0, -1)},"body":${body}}\n`;
}

/** Undefined for whatever this agent did not write, or not like this. */
export function decodeGeneration(text: string): Generation | undefined {
  const parsed = tryParseJson(text);
  if (!isPlainMap(parsed) || parsed['format'] !== 1) return undefined;
  const { body } = parsed; // With what a newer agent wrote beside, which is under the sum as well.
  if (!isPlainMap(body) || !isValue(body) || parsed['sum'] !== sumOf(canonicalText(body))) return undefined;
  return generationOf(body);
}

const origins: readonly Origin[] = ['file', 'push', 'reload', 'rollback'];

function generationOf({
  version,
  vc,
  origin: named,
  author,
  atMs,
  value,
  pushed,
  file,
}: object & Body): Generation | undefined {
  const origin = origins.find((known) => known === named);
  const isWhole = typeof version === 'number' && typeof author === 'string' && typeof atMs === 'number';
  if (!isWhole || origin === undefined || !isVector(vc) || !isValue(value)) return undefined;
  return {
    ...{ version, vc, origin, author, atMs, value },
    ...(typeof pushed === 'string' && { pushed }),
    ...(typeof file === 'string' && { file }),
  };
}

interface Body {
  readonly [key: string]: unknown;
}

export function isVector(input: unknown): input is ClockVector {
  return isPlainMap(input) && Object.values(input).every((count) => typeof count === 'number');
}

/** What JSON.parse gives is always one. */
export function isValue(input: unknown): input is Value {
  return input !== undefined;
}

function sumOf(text: string): string {
  return crypto().createHash('sha256').update(text).digest('hex');
}
