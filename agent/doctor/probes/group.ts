import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readText, type SystemRoot } from './system.ts';

/** The group that may read and write the file. None: it may not, nobody knows its name, or it is that of root. */
export async function groupOf(file: string, { etc }: Pick<SystemRoot, 'etc'>): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined); // It was unplugged meanwhile.
  if (found === undefined || found.gid === 0 || (found.mode & 0o060) !== 0o060) return undefined;
  const lines = (await readText(path.join(etc, 'group'))).split('\n').map((line) => line.split(':'));
  return lines.find(([, , gid]) => gid === String(found.gid))?.[0];
}
