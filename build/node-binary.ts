import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runTool } from './run-tool.ts';

/** The CPUs that package.json pins a Node for. */
export type Cpu = 'arm64' | 'x64';

interface LockEntry {
  readonly version: string;
  readonly integrity: string;
}

/** Version and hash, as the lock file has them. */
export function lockedNode(cpu: Cpu): LockEntry {
  const lock: { readonly packages: { readonly [folder: string]: LockEntry } } = JSON.parse(
    readFileSync('package-lock.json', 'utf8'),
  );
  const entry = lock.packages[`node_modules/${packageOf(cpu)}`];
  if (entry === undefined) throw new Error(`package-lock.json has no ${packageOf(cpu)}`);
  return entry;
}

/** Puts the binary at `target`: the installed one on a machine of that CPU, elsewhere npm's, checked against the lock file. */
export async function fetchNode(cpu: Cpu, cacheFolder: string, target: string): Promise<void> {
  const installed = join('node_modules', packageOf(cpu), 'bin/node');
  if (existsSync(installed)) return copyFileSync(installed, target);
  const { version, integrity } = lockedNode(cpu);
  const folder = mkdtempSync(join(resolve(cacheFolder), 'node-'));
  try {
    await runTool('npm', ['pack', '--silent', '--pack-destination', folder, `${packageOf(cpu)}@${version}`]);
    const [archive = ''] = readdirSync(folder);
    const hash = createHash('sha512')
      .update(readFileSync(join(folder, archive)))
      .digest('base64');
    if (integrity !== `sha512-${hash}`)
      throw new Error(`${archive} is not what package-lock.json says: sha512-${hash}`);
    await runTool('tar', ['-xzf', archive, 'package/bin/node'], folder);
    copyFileSync(join(folder, 'package/bin/node'), target);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function packageOf(cpu: Cpu): string {
  return `node-linux-${cpu}`;
}
