import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `npm run build:native` puts a native file of this CPU. In a bundle this module is replaced: beside the bundle. */
export function addonFile(name: string): string {
  const projectFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  return join(projectFolder, 'dist', 'native', `${process.platform}-${process.arch}`, name);
}
