import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../../../drivers/system-error.ts';
import type { FileSystem } from './file-system.ts';

export interface ReadOnlyFiles extends FileSystem {
  /** Folders in which something was asked for that may not be read. */
  readonly denied: ReadonlySet<string>;
}

const nothing = async () => {};

/** For who asks what would happen: all that is written is believed to be, and nothing is. */
export function readOnlyFiles(): ReadOnlyFiles {
  const denied = new Set<string>(); // The files of the keeper at most.
  return {
    denied,
    async read(file) {
      try {
        return await readFile(file, 'utf8');
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EACCES') denied.add(path.dirname(file));
        return code === 'EACCES' || code === 'ENOENT' ? undefined : ''; // As for the agent.
      }
    },
    replace: nothing,
    rename: nothing,
    remove: nothing,
  };
}
