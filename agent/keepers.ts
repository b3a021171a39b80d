import type { Keeper, Keepers } from './dispatch/keepers.ts';
import type { Environment } from './environment.ts';
import { LogKeeper } from './observe/log-keeper.ts';
import type { Running } from './running.ts';
import type { Voice } from './voice.ts';

/** The documents the agent keeps itself and that take commands. */
export interface OpenKeepers extends Keepers, Disposable {
  /** The config may have changed. */
  reset(): void;
}

export function openKeepers({ clock, logBook: book }: Environment, running: Running, voice: Voice): OpenKeepers {
  const keepers = new Map<string, Keeper>();
  const { states, chronicle } = voice;
  if (book === undefined) return Object.assign(keepers, { reset() {}, [Symbol.dispose]() {} });
  book.follow(() => chronicle.last);
  const configured = () => running.config.log.level;
  const log = new LogKeeper({ clock, book, configured, changed: (value) => states.change('log', value) });
  keepers.set('log', log);
  return Object.assign(keepers, { reset: () => log.reset(), [Symbol.dispose]: () => log[Symbol.dispose]() });
}
