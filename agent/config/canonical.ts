import { crypto } from '../late-modules.ts';
import { isPlainMap } from './plain-map.ts';

/** SHA-256 in hex over the JSON text with the keys of every map in order. */
export function hashOf(value: unknown): string {
  return crypto().createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (isPlainMap(inner) ? sortKeys(inner) : inner));
}

function sortKeys(map: object): object {
  return Object.fromEntries(Object.entries(map).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
