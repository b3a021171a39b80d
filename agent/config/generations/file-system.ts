import { readFileSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../../../drivers/system-error.ts';
import { replaceFile } from '../../replace-file.ts';

/** The few things that keeping configs asks of a disk. What changes something is durable when it resolves, or rejects. */
export interface FileSystem {
  /** Undefined: there is no such file. One that cannot be read is as good as an empty one. */
  read(file: string): Promise<string | undefined>;
  /** The whole new file or the whole old one, whatever happens. */
  replace(file: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** One that is not there is well, too. */
  remove(file: string): Promise<void>;
}

export const realFiles: FileSystem = {
  async read(file) {
    try {
      return readFileSync(file, 'utf8'); // At a start alone: there is nothing else to hold up.
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? undefined : '';
    }
  },
  replace: replaceFile,
  async rename(from, to) {
    await rename(from, to);
    await syncFolderOf(to);
  },
  async remove(file) {
    try {
      await unlink(file);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    await syncFolderOf(file);
  },
};

async function syncFolderOf(file: string): Promise<void> {
  await using folder = await open(path.dirname(file), 'r');
  await folder.sync();
}
