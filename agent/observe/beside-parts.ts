import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A file that the build puts beside the parts. In a part this module is another one: see build/parts.ts. */
export function readBesideParts(file: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../dist/parts/${file}`, import.meta.url)), 'utf8');
}
