import { readFile } from 'node:fs/promises';
import type { FileSystem } from './file-system.ts';

const nothing = async () => {};

/** For who asks what would happen: all that is written is believed to be, and nothing is. */
export function readOnlyFiles(denied: (file: string) => void): FileSystem {
  return {
    async read(file) {
      try {
        return await readFile(file, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EACCES') denied(file);
        return undefined; // As for the agent.
      }
    },
    replace: nothing,
    rename: nothing,
    remove: nothing,
  };
}
