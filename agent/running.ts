import type { Config } from './config/config.ts';

/** The config that runs. It is exchanged as a whole; whoever keeps this asks it each time. */
export interface Running {
  config: Config;
  /** Of the config with its defaults. */
  hash: string;
}
