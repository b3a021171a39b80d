import { programOf } from '../own-program.ts';

/** How the guard is started. In a single executable this module is another one: agent/single/guard-command.ts. */
export function guardCommand(): [program: string, ...args: string[]] {
  return [process.execPath, ...process.execArgv, programOf('guard-part'), 'guard'];
}
