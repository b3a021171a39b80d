import type { Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import type { Value } from '../qn/message.ts';

/** RFC 6901, taken apart: one token per level; empty points at the whole value. */
export type Pointer = readonly string[];

/** The error is one sentence with the pointer in it. */
export function parsePointer(text: string): Result<Pointer, string> {
  if (text === '') return ok([]);
  if (!text.startsWith('/')) return fail(`a JSON pointer begins with /: ${text}`);
  if (/~(?![01])/.test(text)) return fail(`in a JSON pointer ~ is written ~0 (and / inside a name ~1): ${text}`);
  return ok(text.slice(1).split('/').map(unescapeToken));
}

export function formatPointer(path: Pointer): string {
  return path.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * The value the pointer leads to; undefined when there is none. Only own properties and existing items are walked, so
 * that `/__proto__` or `/length` find nothing; `-` (behind the last item) never exists.
 */
export function resolvePointer(value: Value, pointer: Pointer): Value | undefined {
  let current: Value | undefined = value;
  for (const token of pointer) {
    if (current === undefined) return undefined;
    current = step(current, token);
  }
  return current;
}

function step(value: Value, token: string): Value | undefined {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return undefined;
  if (isList(value)) return /^(0|[1-9]\d{0,15})$/.test(token) ? value[Number(token)] : undefined;
  return Object.hasOwn(value, token) ? value[token] : undefined;
}

// Array.isArray does not narrow a readonly array away from a union.
function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}

// ~1 first: ~01 means ~1, not /.
function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
