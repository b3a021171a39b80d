import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** The file of the running program; links such as /usr/bin/qn-agent are followed. */
export function ownProgram(): string {
  const [, file = ''] = process.argv;
  return realpathSync(file);
}

/** What a thread or process of its own runs: its part, `store-thread`, which is read in a tenth of the time, else all of the program. */
export function programOf(part: string): string {
  const program = ownProgram();
  const file = path.join(path.dirname(program), 'parts', `${part}.cjs`);
  return existsSync(file) ? file : program;
}
