import { existsSync } from 'node:fs';
import path from 'node:path';
import { ownProgram } from '../store/role.ts';

/**
 * How the guard is started: as its own part, else as this very program. In a single executable this module is another one:
 * agent/single/guard-command.ts.
 */
export function guardCommand(): [program: string, ...args: string[]] {
  const program = ownProgram();
  const part = path.join(path.dirname(program), 'parts', 'guard-part.cjs');
  return [process.execPath, ...process.execArgv, existsSync(part) ? part : program, 'guard'];
}
