import { programOf } from '../own-program.ts';

/** What a thread runs: a file, or the text of one. */
export type ThreadProgram = string | { readonly code: string };

/** What the store thread runs, for `openStore`. In a single executable this module is another one: agent/single/store-program.ts. */
export function storeProgram(): ThreadProgram {
  return programOf('store-thread');
}
