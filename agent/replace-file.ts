import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';

/** After a power cut there is the old file or the new one, whole (QN-7.3). */
export async function replaceFile(file: string, text: string): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const draft = `${file}.new`;
  {
    await using handle = await open(draft, 'w');
    await handle.writeFile(text);
    await handle.sync();
  }
  await rename(draft, file);
  await using handle = await open(folder, 'r');
  await handle.sync();
}
