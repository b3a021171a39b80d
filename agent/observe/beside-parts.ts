import { fileURLToPath } from 'node:url';

/** A file that the build puts beside the parts. In a part this module is another one: see build/parts.ts. */
export function besideParts(file: string): string {
  return fileURLToPath(new URL(`../../dist/parts/${file}`, import.meta.url));
}
