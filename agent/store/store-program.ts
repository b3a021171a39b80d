import { existsSync } from 'node:fs';
import path from 'node:path';
import { ownProgram } from './role.ts';

/** What a thread runs: a file, or the text of one. */
export type ThreadProgram = string | { readonly code: string };

/**
 * What the store thread runs, for `openStore`: its own part, which is read in a tenth of the time, else the program. In a
 * single executable this module is another one: agent/single/store-program.ts.
 */
export function storeProgram(): ThreadProgram {
  const program = ownProgram();
  const part = path.join(path.dirname(program), 'parts', 'store-thread.cjs');
  return existsSync(part) ? part : program;
}
