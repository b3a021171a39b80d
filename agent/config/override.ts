import { type ConfigFault, faultAt } from './fault.ts';
import { parsePointer } from './json-pointer.ts';
import { parseYaml } from './parse-yaml.ts';
import { childOf, emptyMap, isDangerousKey, type Place, type Tree } from './tree.ts';

/** A value from the command line, stronger than all others. */
export interface Override {
  /** As typed: `--log-level`. */
  readonly flag: string;
  /** RFC 6901: `/log/level`. */
  readonly pointer: string;
  readonly value: string;
}

export interface Overridden {
  readonly tree: Tree;
  readonly faults: readonly ConfigFault[];
}

/** Picks the key of a level that a word of the override means. */
type KeyOf = (level: Tree, word: string) => string | { readonly fault: string };

export function applyOverrides(tree: Tree, overrides: readonly Override[]): Overridden {
  return overrides.reduce<Overridden>(
    (before, { flag, pointer, value }) => {
      const path = parsePointer(pointer);
      const file = `flag ${flag}`;
      if (!path.ok) return { ...before, faults: [...before.faults, { file, pointer, message: path.error }] };
      return applyOne(before, file, path.value, value, (_, word) => word);
    },
    { tree, faults: [] },
  );
}

/** One value on top of the tree; with faults in it the tree stays as it was. */
export function applyOne(
  before: Overridden,
  file: string,
  path: readonly string[],
  text: string,
  keyOf: KeyOf,
): Overridden {
  const value = parseValue(text, file);
  if (!value.ok) return { ...before, faults: [...before.faults, ...value.error] };
  const changed = setAt(before.tree, path, value.tree, keyOf);
  if ('fault' in changed) return { ...before, faults: [...before.faults, faultAt({ file }, path, changed.fault)] };
  return { ...before, tree: changed.tree };
}

function setAt(
  level: Tree | undefined,
  path: readonly string[],
  leaf: Tree,
  keyOf: KeyOf,
): { readonly tree: Tree } | { readonly fault: string } {
  const [word, ...rest] = path;
  if (word === undefined) return { tree: leaf };
  const container = level !== undefined && level.kind !== 'scalar' ? level : newContainer(word, leaf.place);
  const key = keyOf(container, word);
  if (typeof key !== 'string') return key;
  if (isDangerousKey(key)) return { fault: `${key} is not allowed as a key` };
  const known = childOf(container, key);
  const inner = setAt(known?.value, rest, leaf, keyOf);
  if ('fault' in inner) return inner;
  if (container.kind === 'map') {
    const entry = { keyPlace: leaf.place, value: inner.tree };
    return { tree: { ...container, entries: new Map([...container.entries, [key, entry]]) } };
  }
  const index = Number(key);
  if (!/^\d+$/.test(key) || index > container.items.length) {
    return { fault: `not an item of the list: ${key} (it has ${container.items.length})` };
  }
  return { tree: { ...container, items: container.items.toSpliced(index, 1, inner.tree) } };
}

function newContainer(word: string, place: Place): Tree & { readonly kind: 'map' | 'list' } {
  return /^\d+$/.test(word) ? { kind: 'list', place, items: [] } : emptyMap(place);
}

type ParsedValue =
  | { readonly ok: true; readonly tree: Tree }
  | { readonly ok: false; readonly error: readonly ConfigFault[] };

/**
 * `[`, `{` and a quote begin YAML; numbers (without leading zeros), true and false are what they look like; everything
 * else is text, character by character, so that nothing in a name or path needs escaping.
 */
function parseValue(text: string, file: string): ParsedValue {
  const leaf = (value: string | number | boolean): ParsedValue => ({
    ok: true,
    tree: { kind: 'scalar', place: { file }, value },
  });
  if (/^[[{"']/.test(text)) {
    const parsed = parseYaml(text, file);
    if (!parsed.ok) return parsed;
    return parsed.value === null ? leaf('') : { ok: true, tree: parsed.value };
  }
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return leaf(Number(text));
  return leaf(text === 'true' ? true : text === 'false' ? false : text);
}
