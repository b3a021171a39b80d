import { readFile } from 'node:fs/promises';
import type { CliContext } from './verb.ts';

const stateFolderDefault = '/var/lib/qn-agent';

/** Looked for in the text, because the file may be no YAML at all at the moment. */
export async function stateFolderOf({ env }: CliContext, configPath: string): Promise<string> {
  const text = (await readText(configPath)) ?? '';
  const [, written] = /^state-folder:[ \t]*["']?(\/[^"'#\r\n]*?)["']?[ \t]*(#.*)?$/m.exec(text) ?? [];
  return env['QN_STATE_FOLDER'] ?? written ?? stateFolderDefault;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined; // Then it says nothing.
  }
}
