/** How the guard is started, by this very program: it is one file. Takes the place of agent/guard/guard-command.ts. */
export function guardCommand(): [program: string, ...args: string[]] {
  return [process.execPath, 'guard'];
}
