import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hashOf } from '../agent/health/hash.ts';

/** Writes `<file>.sha256`, as `sha256sum --check` reads it. */
export async function writeSum(file: string): Promise<void> {
  await writeFile(`${file}.sha256`, `${await hashOf(file)}  ${path.basename(file)}\n`);
}
