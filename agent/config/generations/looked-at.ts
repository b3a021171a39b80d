import type { Result } from '../../../drivers/contract/result.ts';
import type { ConfigTrouble, LoadedConfig } from '../load.ts';
import type { BootConfig } from './boot-config.ts';
import { contentOf, type Origin } from './generation.ts';
import type { ReadOnlyFiles } from './read-only-files.ts';

/** Which config doctor and self-test looked at: the one that the agent would start with. */
export interface LookedAt {
  /** kept: it was taken while running, or is of a config file of before · safe: without documents, because every one failed. */
  readonly config: 'file' | 'kept' | 'safe';
  readonly version: number;
  readonly origin: Origin;
  readonly author: string;
  /** The config file of the board. */
  readonly file: string;
  /** Why it is not what was meant, or may not be. */
  readonly why: readonly string[];
}

export interface Look extends Pick<ReadOnlyFiles, 'denied'> {
  readonly booted: BootConfig;
  /** What the config file says. */
  readonly loaded: Result<LoadedConfig, ConfigTrouble>;
  readonly configPath: string;
}

export function lookedAt({ booted, loaded, configPath: file, denied }: Look): LookedAt {
  const { version, origin, author, value } = booted.generation;
  const isFile = loaded.ok && contentOf(loaded.value.written) === contentOf(value);
  const config = booted.from === 'safe' ? 'safe' : isFile ? 'file' : 'kept';
  const hidden = [...denied].map((folder) => `what was pushed is not known: ${folder} may not be read; use sudo`);
  return { config, version, origin, author, file, why: [...booted.troubles, ...hidden] };
}

export function formatLookedAt({ config, file, version, origin, author, why }: LookedAt): string {
  const what = {
    file: `the config file ${file}`,
    kept: `the config that this board keeps: version ${version}, ${origin} by ${author}`,
    safe: 'the way to the brokers alone, without documents',
  }[config];
  return [what, ...why].join('; ');
}
