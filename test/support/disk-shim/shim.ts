import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Why the shim cannot be built here; undefined when it can. For the title of what is skipped. */
export const shimMissing: string | undefined =
  spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status === 0 ? undefined : 'gcc is not installed';

/** Builds the shim into `folder`; what its variables mean stands in shim.c. */
export function buildShim(folder: string): string {
  const source = fileURLToPath(new URL('shim.c', import.meta.url));
  const library = path.join(folder, 'disk-shim.so');
  const { status, stderr } = spawnSync('gcc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
  if (status !== 0) throw new Error(`gcc could not build the shim: ${stderr.toString()}`);
  return library;
}
