import { formatPointer } from './json-pointer.ts';
import { configFaultsMax } from './limits.ts';
import type { Place, Tree } from './tree.ts';
import { placeOf } from './tree.ts';

/** One thing that is wrong with the config, and where. Never holds a secret. */
export interface ConfigFault {
  /** A path, `env QN_NODE`, or `flag --log-level`. */
  readonly file: string;
  /** Both begin with 1; absent where there are no lines. */
  readonly line?: number;
  readonly column?: number;
  /** RFC 6901; empty for the file as a whole. */
  readonly pointer: string;
  /** One sentence, lower case, no full stop. */
  readonly message: string;
  /** What to write instead. */
  readonly fix?: string;
}

/** A fault that does not know yet in which file it stands. */
export interface Problem {
  readonly path: readonly string[];
  /** Whether the key is wrong, or what stands behind it. */
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly fix?: string;
}

/** `config.yaml:12:5: /documents/gpio.relay1/line: message (fix)`. */
export function formatFault(fault: ConfigFault): string {
  const place = [fault.file, fault.line, fault.column].filter((part) => part !== undefined).join(':');
  const text = fault.fix === undefined ? fault.message : `${fault.message} (${fault.fix})`;
  return fault.pointer === '' ? `${place}: ${text}` : `${place}: ${fault.pointer}: ${text}`;
}

export function faultAt(place: Place, path: readonly string[], message: string, fix?: string): ConfigFault {
  return { ...place, pointer: formatPointer(path), message, ...(fix !== undefined && { fix }) };
}

/** Gives every problem its place, in the order of the files and their lines. */
export function locate(tree: Tree, problems: readonly Problem[]): readonly ConfigFault[] {
  return sortFaults(problems.map(({ path, at, message, fix }) => faultAt(placeOf(tree, path, at), path, message, fix)));
}

/** By line within a file; files stay in the order in which they first come up. */
export function sortFaults(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  const files = [...new Set(faults.map(({ file }) => file))];
  return faults.toSorted(
    (left, right) =>
      files.indexOf(left.file) - files.indexOf(right.file) ||
      (left.line ?? 0) - (right.line ?? 0) ||
      (left.column ?? 0) - (right.column ?? 0),
  );
}

/** Keeps the first; the last one then counts the others. */
export function boundFaults(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  const kept = faults.slice(0, configFaultsMax - 1);
  const next = faults[configFaultsMax - 1];
  if (next === undefined || faults.length === configFaultsMax) return faults;
  return [...kept, { file: next.file, pointer: '', message: `and ${faults.length - kept.length} more faults` }];
}
