import { readFile } from 'node:fs/promises';
import { findFiles } from '../config/find-files.ts';
import type { CliContext } from './verb.ts';

const stateFolderDefault = '/var/lib/qn-agent';

/** Searches the text: the file may not be valid YAML at the moment. */
export async function stateFolderOf({ env }: Pick<CliContext, 'env'>, configPath: string): Promise<string> {
  const found = await findFiles(configPath);
  const texts = await Promise.all((found.ok ? found.value.files : [configPath]).map(readText));
  const written = texts.flatMap((text = '') => pattern.exec(text)?.[1] ?? []).at(-1);
  return env['QN_STATE_FOLDER'] ?? written ?? stateFolderDefault;
}

const pattern = /^state-folder:[ \t]*["']?(\/[^"'#\r\n]*?)["']?[ \t]*(#.*)?$/m;

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined; // Then it says nothing.
  }
}
