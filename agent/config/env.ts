import { type ConfigFault, faultAt } from './fault.ts';
import { applyOne, type Overridden } from './override.ts';
import type { Tree } from './tree.ts';

export type Env = { readonly [name: string]: string | undefined };

const prefix = 'QN_';

/** qnctl has these for itself; in a shell where both are used they must not disturb the agent. */
const variablesOfQnctl = 'URL ROOT USERNAME PASSWORD CA CERT CERT_KEY KEY KEYS'.split(' ').map((name) => prefix + name);

/**
 * Variables on top of the tree: `QN_MQTT__BROKERS__0__URL` is `/mqtt/brokers/0/url`. Two `_` part the levels; one stands
 * for whatever the existing key has there (`-`, `_` or `.`), and for `-` in a new key. A variable that a secret reads
 * (`env:QN_PASSWORD`) is no setting, though its name looks like one.
 */
export function applyEnv(tree: Tree, env: Env): Overridden {
  const settings = Object.entries(env)
    .flatMap(([name, value]) => (name.startsWith(prefix) && value !== undefined ? [{ name, value }] : []))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const secrets = [...secretNames(tree), ...settings.flatMap(({ value }) => secretName(value))];
  const ignored = new Set([...variablesOfQnctl, ...secrets]);
  return settings
    .filter(({ name }) => !ignored.has(name))
    .reduce<Overridden>((before, { name, value }) => applyVariable(before, name, value), { tree, faults: [] });
}

function applyVariable(before: Overridden, name: string, value: string): Overridden {
  const file = `env ${name}`;
  const words = name
    .slice(prefix.length)
    .split('__')
    .map((word) => word.toLowerCase().replaceAll('_', '-'));
  if (words.includes('')) return { ...before, faults: [...before.faults, emptyLevel(file)] };
  return applyOne(before, file, words, value, keyOf);
}

function emptyLevel(file: string): ConfigFault {
  return faultAt({ file }, [], 'a level without a name', 'two _ part the levels: QN_LOG__LEVEL');
}

function keyOf(level: Tree, word: string): string | { readonly fault: string } {
  if (level.kind !== 'map') return word;
  const meant = [...level.entries.keys()].filter((key) => fold(key) === fold(word));
  if (meant.length > 1) return { fault: `${word} can mean ${meant.join(' or ')}` };
  return meant[0] ?? word;
}

function fold(key: string): string {
  return key.toLowerCase().replaceAll(/[.-]/g, '_');
}

function secretNames(tree: Tree): readonly string[] {
  if (tree.kind === 'scalar') return secretName(tree.value);
  if (tree.kind === 'list') return tree.items.flatMap(secretNames);
  return [...tree.entries.values()].flatMap(({ value }) => secretNames(value));
}

function secretName(value: unknown): readonly string[] {
  return typeof value === 'string' && value.startsWith('env:') ? [value.slice('env:'.length)] : [];
}
