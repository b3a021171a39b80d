import type { Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { inTurns } from '../steps.ts';
import { type CheckedConfig, checkTreeSteps } from './check.ts';
import { applyEnv, type Env } from './env.ts';
import { boundFaults, type ConfigFault, sortFaults } from './fault.ts';
import { findFiles } from './find-files.ts';
import { configFileBytesMax } from './limits.ts';
import { applyOverrides, type Override } from './override.ts';
import { parseYamlSteps } from './parse-yaml.ts';
import type { ReadTroubleKind } from './read-text.ts';
import { type ConfigReader, readInTurns } from './reader.ts';
import { childOf, emptyMap, mergeTrees, type Plain, type Tree, toPlain } from './tree.ts';

export interface LoadOptions {
  /** The main file; `conf.d/*.yaml` beside it comes on top, by name. */
  readonly path: string;
  readonly env: Env;
  readonly overrides?: readonly Override[];
  /** Default: `readInTurns`. */
  readonly reader?: ConfigReader;
}

export interface LoadedConfig {
  readonly checked: CheckedConfig;
  /** What was read, in order; later ones won. */
  readonly files: readonly string[];
  /** What the files say together, without defaults and environment. */
  readonly written: Plain;
  /** Not wrong, but probably not meant. */
  readonly warnings: readonly ConfigFault[];
}

export interface ConfigTrouble {
  /** missing: the main file is not there · unreadable: the system refuses a file · invalid: it is there and wrong. */
  readonly kind: ReadTroubleKind;
  readonly faults: readonly ConfigFault[];
  /** A file that nobody wrote like this: there is none, or it cannot be read, is empty, or no text. A cut or a card does that. */
  readonly isDamaged?: boolean;
  /** Whose files these are, as far as that can be read; in small letters. */
  readonly node?: string;
}

/** Flag over env over conf.d over file over default; all faults at once. Touches nothing but the files it reads. */
export async function loadConfig(options: LoadOptions): Promise<Result<LoadedConfig, ConfigTrouble>> {
  const { reader = readInTurns } = options;
  const found = await findFiles(options.path, reader);
  if (!found.ok) return found;
  const { files, warnings } = found.value;
  const sources = await Promise.all(files.map((file) => readSource(file, reader)));
  const troubles = sources.flatMap((source) => (source.ok ? [] : [source.error]));
  const node = nodeOf(sources, options.env);
  const isDamaged = isEmpty(sources[0]) || troubles.some((trouble) => trouble.isDamaged);
  const about = { ...node, ...(isDamaged && { isDamaged }) };
  const [first] = troubles;
  if (first !== undefined) {
    const kind = troubles.find((trouble) => trouble.kind !== 'invalid')?.kind ?? 'invalid';
    return fail({ kind, faults: boundFaults(troubles.flatMap(({ faults }) => faults)), ...about });
  }
  const start = emptyMap({ file: options.path, line: 1, column: 1 });
  const trees = sources.flatMap((source) => (source.ok ? [source.value] : []));
  const written = trees.reduce(mergeTrees, start);
  const withEnv = applyEnv(written, options.env);
  const merged = applyOverrides(withEnv.tree, options.overrides ?? []);
  const checked = await inTurns(checkTreeSteps(merged.tree), reader.turn);
  const faults = [...withEnv.faults, ...merged.faults, ...(checked.ok ? [] : checked.error)];
  if (faults.length > 0) return fail({ kind: 'invalid', faults: boundFaults(sortFaults(faults)), ...about });
  if (!checked.ok) return fail({ kind: 'invalid', faults });
  return ok({ checked: checked.value, files, written: toPlain(written), warnings });
}

async function readSource(file: string, reader: ConfigReader): Promise<Result<Tree, ConfigTrouble>> {
  const read = await reader.text(file, configFileBytesMax);
  if (!read.ok) {
    const { kind, ...rest } = read.error;
    const isDamaged = kind !== 'invalid' || rest.line !== undefined; // In which it ends to be a text.
    return fail({ kind, faults: [{ file, pointer: '', ...rest }], ...(isDamaged && { isDamaged }) });
  }
  const { text } = read.value;
  const zeroAt = text.indexOf('\0');
  if (zeroAt >= 0) return fail({ kind: 'invalid', faults: [zeros(file, text.slice(0, zeroAt))], isDamaged: true });
  const parsed = await inTurns(parseYamlSteps(text, file), reader.turn);
  if (!parsed.ok) return fail({ kind: 'invalid', faults: parsed.error, ...named(nodeLine.exec(text)?.[1]) });
  const tree = parsed.value ?? emptyMap({ file, line: 1, column: 1 });
  if (tree.kind === 'map') return ok(tree);
  return fail({ kind: 'invalid', faults: [{ ...tree.place, pointer: '', message: 'expected a map of sections' }] });
}

function zeros(file: string, before: string): ConfigFault {
  const message = 'bytes that are zero, as a power cut leaves them';
  return { file, line: before.split('\n').length, pointer: '', message, fix: 'write the file again' };
}

function isEmpty(source: Result<Tree, ConfigTrouble> | undefined): boolean {
  return source?.ok === true && source.value.kind === 'map' && source.value.entries.size === 0;
}

/** A file that is no YAML says it in a line of its own all the same. */
const nodeLine = /^node:[ \t]*["']?([\w.-]+)["']?[ \t]*(?:#.*)?\r?$/m;

/** As `loadConfig` has it: the environment, or what was read last. */
function nodeOf(sources: readonly Result<Tree, ConfigTrouble>[], { QN_NODE: env }: Env): Pick<ConfigTrouble, 'node'> {
  const told = sources.flatMap((source) => {
    if (!source.ok) return source.error.node ?? [];
    const node = childOf(source.value, 'node')?.value;
    return node?.kind === 'scalar' && node.value !== null ? String(node.value) : [];
  });
  return named(env ?? told.at(-1));
}

function named(node: string | undefined): Pick<ConfigTrouble, 'node'> {
  return node === undefined ? {} : { node: node.toLowerCase() };
}
