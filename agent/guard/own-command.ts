/** How this very program was started. In a single executable this module is another one: agent/single/own-command.ts. */
export function ownCommand(): [program: string, ...args: string[]] {
  const script = process.argv[1];
  return [process.execPath, ...process.execArgv, ...(script === undefined ? [] : [script])];
}
