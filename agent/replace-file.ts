import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** After a power cut there is the old file or the new one, whole (QN-7.3). */
export async function replaceFile(file: string, text: string): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const draft = `${file}.new`;
  try {
    await using handle = await open(draft, 'w');
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await dropDraft(draft);
    throw error;
  }
  await rename(draft, file);
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** What did not fit would take the last room of a disk from all the others. */
export async function dropDraft(file: string): Promise<void> {
  await rm(file, { force: true }).catch(() => {}); // The disk takes nothing: whoever writes tells that.
}
