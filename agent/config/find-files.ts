import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { codeOf } from '../../drivers/system-error.ts';
import type { ConfigFault } from './fault.ts';
import { configFilesMax } from './limits.ts';
import type { ConfigTrouble } from './load.ts';
import { type ConfigReader, readInTurns } from './reader.ts';

export interface FoundFiles {
  /** Later ones win. */
  readonly files: readonly string[];
  readonly warnings: readonly ConfigFault[];
}

/** The main file, and `conf.d/*.yaml` beside it, by name. */
export async function findFiles(
  path: string,
  reader: ConfigReader = readInTurns,
): Promise<Result<FoundFiles, ConfigTrouble>> {
  const folder = join(dirname(path), 'conf.d');
  const names = await namesIn(folder, reader);
  if (names === undefined) {
    return fail({ kind: 'unreadable', faults: [{ file: folder, pointer: '', message: 'the folder cannot be read' }] });
  }
  const visible = names.toSorted((left, right) => (left < right ? -1 : 1)).filter((name) => !name.startsWith('.'));
  const files = [path, ...visible.filter((name) => name.endsWith('.yaml')).map((name) => join(folder, name))];
  if (files.length > configFilesMax) {
    const message = `more than ${configFilesMax} config files`;
    return fail({ kind: 'invalid', faults: [{ file: folder, pointer: '', message }] });
  }
  const warnings = visible
    .filter((name) => name.endsWith('.yml'))
    .map((name) => ({ file: join(folder, name), pointer: '', message: 'not read', fix: 'name it .yaml' }));
  return ok({ files, warnings });
}

/** Undefined: the system refuses. */
async function namesIn(folder: string, reader: ConfigReader): Promise<readonly string[] | undefined> {
  try {
    return await reader.names(folder);
  } catch (error) {
    return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' ? [] : undefined;
  }
}
