import { accessSync, closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assetBytes } from './assets.ts';

/** What is laid out, by name; the loader of the system keeps its list for the whole process, too. */
const laidOut = new Map<string, string>(); // One for each native file there is.

/**
 * A file that the system can load, of a native file inside of the program. It has no name that anybody else could reach: it
 * is made in a folder of its own, for this user only, and taken away while it is open; what is left is our descriptor, and
 * /proc/self/fd leads to it. That stays open, because the loader knows a library by its path. Takes the place of
 * drivers/native/addon-file.ts.
 *
 * Policy where a folder cannot be written, or nothing in it may be executed: the next one. Where none is left the path is one
 * that does not exist and says why; whoever wanted to load it does without, and tells.
 */
export function addonFile(name: string): string {
  const known = laidOut.get(name);
  if (known !== undefined) return known;
  const bytes = assetBytes(`native/${name}`);
  if (bytes === undefined) return `${name} (not in this program)`;
  const folders = [tmpdir(), '/dev/shm', process.env['XDG_RUNTIME_DIR'] ?? '/run'];
  const file = folders.map((folder) => layOut(folder, bytes)).find((made) => made !== undefined);
  if (file === undefined) return `${name} (set TMPDIR to a folder where files can be written and executed)`;
  laidOut.set(name, file);
  return file;
}

/** Undefined: not here. */
function layOut(folder: string, bytes: Uint8Array): string | undefined {
  try {
    const own = mkdtempSync(path.join(folder, 'qn-agent-'));
    try {
      return write(path.join(own, 'native'), bytes);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  } catch {
    return undefined; // The next folder may be better.
  }
}

function write(file: string, bytes: Uint8Array): string {
  const fd = openSync(file, 'wx+', 0o700);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    accessSync(file, constants.X_OK); // Fails where the file system is mounted noexec.
    return `/proc/self/fd/${fd}`;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
