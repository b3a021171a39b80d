import { formatPointer } from '../../config/json-pointer.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import type { Value } from '../../qn/message.ts';
import { isEqualValue } from '../../qn/value.ts';

/** One place at which two configs differ; `from` or `to` is absent where there is nothing. */
export interface Difference {
  readonly pointer: string;
  readonly from?: Value;
  readonly to?: Value;
}

/** Maps are compared key by key; everything else as a whole. */
export function diffValues(from: Value, to: Value, path: readonly string[] = []): readonly Difference[] {
  if (isEqualValue(from, to)) return [];
  if (!isPlainMap(from) || !isPlainMap(to)) return [{ pointer: formatPointer(path), from, to }];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => {
    const inner = [...path, key];
    const [old, next] = [from[key], to[key]];
    if (old !== undefined && next !== undefined) return diffValues(old, next, inner);
    const pointer = formatPointer(inner);
    return old === undefined ? (next === undefined ? [] : [{ pointer, to: next }]) : [{ pointer, from: old }];
  });
}

/** `~ /documents/gpio.relay1/line: "GPIO17" → "GPIO18"`. */
export function formatDifference({ pointer, from, to }: Difference): string {
  if (from === undefined) return `+ ${pointer}: ${JSON.stringify(to)}`;
  if (to === undefined) return `- ${pointer}: ${JSON.stringify(from)}`;
  return `~ ${pointer}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`;
}
