import type { Result } from '../../../drivers/contract/result.ts';
import { type Clock, sleep } from '../../clock.ts';
import type { Value } from '../../qn/message.ts';
import type { CheckedConfig } from '../check.ts';
import { type ConfigFault, formatFault } from '../fault.ts';
import { bootWriteMsMax } from '../limits.ts';
import type { ConfigTrouble, LoadedConfig } from '../load.ts';
import { type Boots, chooseBoot, isInDoubt } from './boots.ts';
import { contentOf, type Generation } from './generation.ts';
import type { ConfigKeeper } from './keeper.ts';

/** A config that can be booted, and where it is from. */
export interface BootConfig {
  readonly from: 'active' | 'previous' | 'file' | 'safe';
  readonly checked: CheckedConfig;
  readonly generation: Generation;
  /** Why it is not what was meant to run; for the log and for health. */
  readonly troubles: readonly string[];
}

export interface BootDependencies {
  readonly keeper: ConfigKeeper;
  readonly kernelBoot: string;
  /** The config file. */
  readonly path: string;
  readonly clock: Clock;
  /** As at the start: with the environment on top. */
  check(value: Value): Result<CheckedConfig, readonly ConfigFault[]>;
}

/**
 * Picks the newest good config (QN-7.3): what was pushed last, or the config file where that was changed since; then the
 * one before; then the file; then, when all of them brought the agent down, the safe mode. On a board that never took a
 * config while it ran there is only the file, or what it said before it was damaged, and nothing is counted. Undefined: there is
 * none.
 */
export async function bootConfig(
  dependencies: BootDependencies,
  loaded: Result<LoadedConfig, ConfigTrouble>,
): Promise<BootConfig | undefined> {
  const { keeper } = dependencies;
  const last = keeper.active ?? keeper.previous; // A cut or a damaged card may leave the previous one alone.
  const file = loaded.ok ? fileConfig(loaded.value, last, dependencies.clock.wallMs()) : undefined;
  const troubles = damageOf(keeper);
  if (last === undefined) return file ? { ...file, troubles } : await fileBefore(dependencies, loaded, troubles);
  if (!loaded.ok) troubles.push('the config file has faults; the last config that was taken while running is used');
  if (file !== undefined && isNews(file, last)) await adopt(keeper, file, last, troubles);
  // What is kept under another name may be of the board that this card was copied from, also while the file has faults.
  const name = loaded.ok ? loaded.value.checked.config.node : loaded.error.node;
  const stored = [
    ...candidate('active', keeper.active, dependencies, troubles),
    ...candidate('previous', keeper.previous, dependencies, troubles),
  ].filter(isNamed(name));
  if (stored.length === 0 && file === undefined) return undefined;
  const candidates = [...stored, ...(file === undefined ? [] : [file])];
  const contents = candidates.map(({ generation }) => contentOf(generation.value));
  const chosen = chooseBoot(contents, keeper.boots, dependencies.kernelBoot);
  const uncounted = await countBoots(dependencies, chosen.boots);
  if (uncounted !== undefined) troubles.push(`boots cannot be counted: ${uncounted}`);
  const index = chosen.content === undefined ? -1 : contents.indexOf(chosen.content);
  const found = candidates[index];
  if (found === undefined) return safeMode(candidates[0], troubles);
  for (const { from } of candidates.slice(0, index))
    troubles.push(`the ${from} config brought the agent down again and again`);
  return { ...found, troubles };
}

/** Why that is not on the disk; undefined: it is, or will be when a disk that does not answer does. */
async function countBoots({ keeper, clock }: BootDependencies, boots: Boots): Promise<string | undefined> {
  const kept = keeper.keepBoots(boots).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  return await Promise.race([kept, sleep(clock, bootWriteMsMax).then(() => undefined)]);
}

/** What is merely wrong in it somebody wrote, and it is for them to say what they meant. */
async function fileBefore(
  dependencies: BootDependencies,
  loaded: Result<LoadedConfig, ConfigTrouble>,
  troubles: string[],
): Promise<BootConfig | undefined> {
  if (loaded.ok || loaded.error.isDamaged !== true) return undefined;
  const copy = await dependencies.keeper.readFileCopy();
  if (copy?.author !== dependencies.path) return undefined;
  const [found] = candidate('file', copy, dependencies, troubles).filter(isNamed(loaded.error.node));
  troubles.push('the config file is damaged or not there; what it said when it last ran is used: write it again');
  return found && { ...found, troubles };
}

/** Whatever its name is, where none is given. */
function isNamed(node: string | undefined): (boot: BootConfig) => boolean {
  return ({ checked }) => node === undefined || checked.config.node === node;
}

/** To go on without it is for somebody to decide: its pins may be other ones. */
function damageOf({ damaged }: ConfigKeeper): string[] {
  const fix = 'push that config again, or remove the file to go on with what runs now';
  return damaged === undefined
    ? []
    : [`the config that was taken last is lost: ${damaged} is damaged or unreadable; ${fix}`];
}

function fileConfig({ checked, written, files }: LoadedConfig, last: Generation | undefined, atMs: number): BootConfig {
  const { version = 0, vc = {} } = last ?? {};
  const author = files[0] ?? 'file';
  const generation: Generation = {
    ...{ version, vc, origin: 'file', author, atMs, value: written },
    get file() {
      return contentOf(written); // Not at once: where there was no other config nobody asks for it.
    },
  };
  return { from: 'file', checked, generation, troubles: [] };
}

/** Whether somebody changed the file since the last config was taken. */
function isNews({ generation }: BootConfig, last: Generation): boolean {
  return last.file !== undefined && last.file !== generation.file;
}

/** The name under which the config file counts in the clock vector. */
export const localAuthor = 'local';

async function adopt(
  keeper: ConfigKeeper,
  { generation }: BootConfig,
  last: Generation,
  troubles: string[],
): Promise<void> {
  const vc = { ...last.vc, [localAuthor]: (last.vc[localAuthor] ?? 0) + 1 };
  // A file that is edited until it works must not push out the last config that did.
  const { previous = last } = keeper;
  const before = isInDoubt(keeper.boots, contentOf(last.value)) ? previous : last;
  try {
    await keeper.adopt({ ...generation, version: last.version + 1, vc }, before);
    troubles.length = 0; // What was damaged is written anew.
  } catch (error) {
    troubles.push(`the changed config file cannot be kept: ${String(error)}`);
  }
}

function candidate(
  from: 'active' | 'previous' | 'file',
  generation: Generation | undefined,
  { check }: BootDependencies,
  troubles: string[],
): readonly BootConfig[] {
  if (generation === undefined) return [];
  const checked = check(generation.value);
  if (checked.ok) return [{ from, checked: checked.value, generation, troubles: [] }];
  for (const fault of checked.error.slice(0, 1))
    troubles.push(`the ${from} config is not one this version takes: ${formatFault(fault)}`);
  return [];
}

/** The way to the brokers, and nothing that could bring the agent down: so that a good config can still be pushed. */
function safeMode(base: BootConfig | undefined, troubles: readonly string[]): BootConfig | undefined {
  if (base === undefined) return undefined;
  const { http: _, ...config } = base.checked.config;
  return {
    from: 'safe',
    checked: { config: { ...config, documents: {}, bindings: [] }, hash: base.checked.hash },
    generation: base.generation,
    troubles: [...troubles, 'safe mode: every config brought the agent down; no document is open'],
  };
}
