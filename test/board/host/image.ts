import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fetchNode, lockedNode } from '../../../build/node-binary.ts';
import { runTool } from '../../../build/run-tool.ts';
import { openPrivateApt, type PrivateApt } from './debian.ts';

/** What does not change between runs: the kernel, its modules, and a root file system with Node and its libraries. */
export interface BoardImage {
  readonly kernel: string;
  readonly root: string;
  readonly busybox: string;
  /** Folder of `<name>.ko`, and the order to load them in. */
  readonly modules: string;
  readonly moduleNames: readonly string[];
  readonly kernelName: string;
}

/** The first Debian suite whose kernel has gpio-sim; its kernel moves, so its version is looked up. */
const suite = 'forky';
const cpu = 'arm64';
const kernelPackage = 'linux-image-cloud-arm64';
const userland = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1', 'busybox-static'];
const moduleNames = ['virtio_blk', 'configfs', 'gpio-sim'];
const mountPoints = ['app', 'dev', 'opt', 'proc', 'sys', 'tmp'];

/** From the cache, if what it was made of is what we would make it of. To get a newer kernel, delete the cache. */
export async function openBoardImage(cacheFolder: string): Promise<BoardImage> {
  const folder = resolve(cacheFolder, 'image');
  const recipe = JSON.stringify([suite, cpu, userland, moduleNames, lockedNode(cpu)]);
  const stamp = join(folder, 'recipe.json');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== recipe) {
    await makeImage(cacheFolder, folder, recipe);
  }
  return {
    kernel: join(folder, 'vmlinuz'),
    root: join(folder, 'root.ext4'),
    busybox: join(folder, 'busybox'),
    modules: join(folder, 'modules'),
    moduleNames,
    kernelName: readFileSync(join(folder, 'kernel-name'), 'utf8'),
  };
}

async function makeImage(cacheFolder: string, folder: string, recipe: string): Promise<void> {
  const draft = mkdtempSync(join(resolve(cacheFolder), 'image-'));
  try {
    await Promise.all([fetchSystem(cacheFolder, draft), fetchNode(cpu, cacheFolder, join(draft, 'node'))]);
    await makeRoot(draft);
    writeFileSync(join(draft, 'recipe.json'), recipe); // Last: an image without it is not taken for one.
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function fetchSystem(cacheFolder: string, draft: string): Promise<void> {
  const apt = await openPrivateApt(cacheFolder, suite, cpu);
  await fetchKernel(apt, draft);
  await apt.unpack(userland, join(draft, 'root'));
  copyFileSync(join(draft, 'root/usr/bin/busybox'), join(draft, 'busybox'));
}

async function fetchKernel(apt: PrivateApt, draft: string): Promise<void> {
  const depended = await apt.dependencies(kernelPackage);
  const [, version] = /^linux-image-(\d.*)$/.exec(depended.find((name) => /^linux-image-\d/.test(name)) ?? '') ?? [];
  if (version === undefined)
    throw new Error(`${kernelPackage} of ${suite} depends on no kernel, only: ${depended.join(', ')}`);
  const unpacked = join(draft, 'kernel');
  await apt.unpack([`linux-binary-${version}`, `linux-modules-${version}`], unpacked);
  const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' });
  const find = (pattern: RegExp) => {
    const found = files.find((file) => pattern.test(file));
    if (found === undefined) throw new Error(`kernel ${version} has no file like ${pattern}`);
    return join(unpacked, found);
  };
  copyFileSync(find(/\/vmlinuz[^/]*$/), join(draft, 'vmlinuz'));
  mkdirSync(join(draft, 'modules'));
  for (const name of moduleNames) {
    const packed = find(new RegExp(`/${name}\\.ko\\.xz$`));
    await runTool('xz', ['--decompress', '--keep', packed]);
    renameSync(packed.replace(/\.xz$/, ''), join(draft, 'modules', `${name}.ko`));
  }
  writeFileSync(join(draft, 'kernel-name'), version);
  rmSync(unpacked, { recursive: true });
}

/** A file system made from a folder: nothing is mounted, nobody needs to be root. */
async function makeRoot(draft: string): Promise<void> {
  const root = join(draft, 'root');
  for (const folder of mountPoints) mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ['bin', 'lib', 'sbin']) {
    if (!existsSync(join(root, folder))) symlinkSync(`usr/${folder}`, join(root, folder));
  }
  renameSync(join(draft, 'node'), join(root, 'opt/node'));
  chmodSync(join(root, 'opt/node'), 0o755);
  for (const unused of ['usr/share', 'usr/lib/aarch64-linux-gnu/gconv'])
    rmSync(join(root, unused), { recursive: true, force: true });
  const options = ['-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-E', 'root_owner=0:0'];
  const sizeMb = Math.ceil(Number((await runTool('du', ['-sm', root])).split('\t')[0]) * 1.1) + 16;
  await runTool('mke2fs', [...options, '-d', root, join(draft, 'root.ext4'), `${sizeMb}M`]);
  rmSync(root, { recursive: true });
}
