import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findMirror, needEmulation } from '../debian.ts';
import { imageCpu, imagePackages, imageSources, imageSuite } from './recipe.ts';

const cacheFolder = '.cache/image';
/** Files that must be there before the packages are. */
const baseFolder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'base');

/**
 * A Debian with its kernel, as an archive. Made once, up to half an hour under emulation, and again when the recipe has
 * changed; for newer packages delete the cache.
 */
export async function openBaseRoot(): Promise<string> {
  mkdirSync(cacheFolder, { recursive: true });
  const archive = path.resolve(cacheFolder, `root-${recipeHash()}.tar`);
  if (existsSync(archive)) return archive;
  needRoot();
  needEmulation();
  for (const old of readdirSync(cacheFolder)) rmSync(path.join(cacheFolder, old), { recursive: true });
  const sources = await Promise.all(
    imageSources.map(async ({ label, suite, components }) => `deb ${await findMirror(label)} ${suite} ${components}`),
  );
  const draft = archive.replace(/\.tar$/, '.part.tar');
  const options = [
    ...['--quiet', '--variant=minbase', `--architectures=${imageCpu}`, `--include=${imagePackages.join(',')}`],
    ...['--dpkgopt=force-confold', `--setup-hook=cp -r ${baseFolder}/. "$1"/`],
  ];
  execFileSync('mmdebstrap', [...options, imageSuite, draft, ...sources], { stdio: ['ignore', 2, 2] });
  renameSync(draft, archive);
  return archive;
}

function needRoot(): void {
  if (process.getuid?.() !== 0) throw new Error('a Debian root has files of many users: run this as root');
}

function recipeHash(): string {
  const files = readdirSync(baseFolder, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(path.join(baseFolder, file)).isFile())
    .toSorted()
    .map((file) => [file, readFileSync(path.join(baseFolder, file), 'utf8')]);
  const recipe = JSON.stringify([imageSources, imagePackages, files]);
  return createHash('sha256').update(recipe).digest('hex').slice(0, 12);
}
