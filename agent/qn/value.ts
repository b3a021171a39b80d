import { isArray } from './json-value.ts';
import type { Value } from './message.ts';

/** A map of values, as JSON and CBOR have it. */
export type ObjectValue = { readonly [key: string]: Value };

/** Same type and content, in depth; the order of keys does not matter. */
export function isEqualValue(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return left instanceof Uint8Array && right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  }
  if (isObjectValue(left)) return isObjectValue(right) && isEqualObject(left, right);
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (!isArray(left) || !isArray(right) || left.length !== right.length) return false;
  return left.every((item, index) => isEqualItem(item, right[index]));
}

/** RFC 7396, 2. Neither argument is changed; the result shares what was not patched. */
export function applyMergePatch(target: Value, patch: Value): Value {
  if (!isObjectValue(patch)) return patch;
  const merged = new Map<string, Value>(isObjectValue(target) ? Object.entries(target) : []);
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) merged.delete(key);
    else merged.set(key, applyMergePatch(merged.get(key) ?? null, change));
  }
  return Object.fromEntries(merged); // defines keys, so that `__proto__` is one like any other
}

/**
 * The smallest patch that makes `to` of `from`. Undefined when they are equal, and when no patch can say it: in a patch
 * null means "remove", so an object member that is newly null has no words. Nulls inside arrays have.
 */
export function createMergePatch(from: Value, to: Value): Value | undefined {
  if (isEqualValue(from, to)) return undefined;
  return isObjectValue(to) ? objectPatch(isObjectValue(from) ? from : {}, to) : to;
}

function objectPatch(from: ObjectValue, to: ObjectValue): Value | undefined {
  const patch: [string, Value][] = [];
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch.push([key, null]);
  for (const [key, item] of Object.entries(to)) {
    const old = Object.hasOwn(from, key) ? from[key] : undefined;
    if (old !== undefined && isEqualValue(old, item)) continue;
    const change = item === null ? undefined : createMergePatch(old ?? null, item);
    if (change === undefined) return undefined;
    patch.push([key, change]);
  }
  return Object.fromEntries(patch);
}

export function isObjectValue(value: Value | undefined): value is ObjectValue {
  return typeof value === 'object' && value !== null && !isArray(value) && !(value instanceof Uint8Array);
}

/** The fields of a map; none of anything else. */
export function fieldsOf(value: Value | undefined): ObjectValue {
  return isObjectValue(value) ? value : {};
}

function isEqualObject(left: ObjectValue, right: ObjectValue): boolean {
  const entries = Object.entries(left);
  if (entries.length !== Object.keys(right).length) return false;
  return entries.every(([key, item]) => Object.hasOwn(right, key) && isEqualItem(item, right[key]));
}

function isEqualItem(left: Value, right: Value | undefined): boolean {
  return right !== undefined && isEqualValue(left, right);
}
