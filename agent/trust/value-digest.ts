import { crypto } from '../late-modules.ts';
import { isArray } from '../qn/json-value.ts';
import type { Value } from '../qn/message.ts';

/**
 * SHA-256 over the canonical form of a value, base64url. The form is that of RFC 8785 (JSON without white space, keys in
 * the order of their UTF-16 code units, numbers as ECMAScript writes them), bytes being `{"$b64": …}` (QN-3.2a): so it
 * is the same whichever encoding the message came in. // QN-7.5
 */
export function valueDigest(value: Value): string {
  return crypto().createHash('sha256').update(canonicalText(value)).digest('base64url');
}

/** Values are finite, well formed and of bounded depth: the decoders see to it. */
export function canonicalText(value: Value): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `{"$b64":"${Buffer.from(value).toString('base64')}"}`;
  if (isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalText(item)}`).join(',')}}`;
}
