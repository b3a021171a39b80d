/** How this very program was started: it is one file. Takes the place of agent/guard/own-command.ts. */
export function ownCommand(): [program: string, ...args: string[]] {
  return [process.execPath];
}
