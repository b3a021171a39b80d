import { readFileSync } from 'node:fs';

/** The commands of the page on installing, as they stand there. */
export function installCommands(): readonly string[] {
  const [, section = ''] = /^## Install on a board\n([\s\S]*?)^## /m.exec(readFileSync('README.md', 'utf8')) ?? [];
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.split('\n').filter((line) => line !== ''),
  );
}

/** The one that begins so. */
export function installCommand(beginning: string): string {
  const found = installCommands().filter((command) => command.startsWith(beginning));
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} commands of the README begin: ${beginning}`);
  return only;
}
