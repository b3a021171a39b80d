import type { Result } from '../../drivers/contract/result.ts';
import type { Value } from '../qn/message.ts';
import type { CheckedConfig } from './check.ts';
import type { ConfigFault } from './fault.ts';
import type { Generation } from './generations/generation.ts';
import type { ConfigKeeper } from './generations/keeper.ts';

/** A config that could run, and as it was written. */
export interface Candidate {
  readonly value: Value;
  readonly checked: CheckedConfig;
}

/** Where the configs of a board come from, and where they are kept. */
export interface ConfigHome {
  readonly keeper: ConfigKeeper;
  /** What runs at the start. */
  readonly generation: Generation;
  /** Why it is not what was meant to run; told in health. */
  readonly troubles: readonly string[];
  /** With the environment of this process on top, as at the start. Others get their turns meanwhile. */
  check(value: Value): Promise<Result<Candidate, readonly ConfigFault[]>>;
  /** A file with what is in `conf.d` beside it; absent: the config file of the board. */
  load(file?: string): Promise<Result<Candidate, readonly ConfigFault[]>>;
}
