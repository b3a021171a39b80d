import { isArray } from '../qn/json-value.ts';
import type { Value } from '../qn/message.ts';

/** What the config says, with the place of every word: so that a fault found late can still point at its line. */
export type Tree =
  | { readonly kind: 'map'; readonly place: Place; readonly entries: ReadonlyMap<string, TreeEntry> }
  | { readonly kind: 'list'; readonly place: Place; readonly items: readonly Tree[] }
  | { readonly kind: 'scalar'; readonly place: Place; readonly value: Scalar };

export type Scalar = null | boolean | number | string;

export interface TreeEntry {
  readonly keyPlace: Place;
  readonly value: Tree;
}

export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export type Plain = Scalar | readonly Plain[] | { readonly [key: string]: Plain };

/** Names that mean something to every JavaScript object. Refused as keys wherever a tree is made. */
export function isDangerousKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

export function emptyMap(place: Place): Tree & { readonly kind: 'map' } {
  return { kind: 'map', place, entries: new Map() };
}

/** Maps become one, key by key; everything else is replaced by what comes later. */
export function mergeTrees(earlier: Tree, later: Tree): Tree {
  if (earlier.kind !== 'map' || later.kind !== 'map') return later;
  const entries = new Map(earlier.entries);
  for (const [key, entry] of later.entries) {
    const known = entries.get(key);
    entries.set(key, known === undefined ? entry : { ...entry, value: mergeTrees(known.value, entry.value) });
  }
  return { ...earlier, entries };
}

export function toPlain(tree: Tree): Plain {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  return Object.fromEntries(Array.from(tree.entries, ([key, entry]) => [key, toPlain(entry.value)]));
}

/** A value that came without a file. Undefined where it holds what no config can: bytes, or a dangerous key. */
export function treeOf(value: Value, place: Place): Tree | undefined {
  if (value instanceof Uint8Array) return undefined;
  if (value === null || typeof value !== 'object') return { kind: 'scalar', place, value };
  if (isArray(value)) {
    const items = value.map((item) => treeOf(item, place));
    return items.every((item) => item !== undefined) ? { kind: 'list', place, items } : undefined;
  }
  const entries = new Map<string, TreeEntry>();
  for (const [key, item] of Object.entries(value)) {
    const inner = isDangerousKey(key) ? undefined : treeOf(item, place);
    if (inner === undefined) return undefined;
    entries.set(key, { keyPlace: place, value: inner });
  }
  return { kind: 'map', place, entries };
}

/** The place of the value (or of its key), or of the nearest thing around it that exists. */
export function placeOf(tree: Tree, path: readonly string[], at: 'key' | 'value'): Place {
  let current = tree;
  let place = tree.place;
  for (const [index, token] of path.entries()) {
    const next = childOf(current, token);
    if (next === undefined) return current.place;
    current = next.value;
    place = index === path.length - 1 && at === 'key' ? next.keyPlace : current.place;
  }
  return place;
}

export function childOf(tree: Tree, token: string): TreeEntry | undefined {
  if (tree.kind === 'map') return tree.entries.get(token);
  if (tree.kind === 'scalar' || !/^\d+$/.test(token)) return undefined;
  const item = tree.items[Number(token)];
  return item && { keyPlace: item.place, value: item };
}
