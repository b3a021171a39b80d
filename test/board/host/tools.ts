import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from '../../../build/run-tool.ts';

/** What the rig needs from Debian: the program, and the package that has it. */
const needed: readonly (readonly [program: string, debianPackage: string])[] = [
  ['qemu-system-aarch64', 'qemu-system-arm'],
  ['mke2fs', 'e2fsprogs'],
  ['xz', 'xz-utils'],
  ['cpio', 'cpio'],
  ['aarch64-linux-gnu-gcc', 'gcc-aarch64-linux-gnu'],
  ['aarch64-linux-gnu-g++', 'g++-aarch64-linux-gnu'],
];

/** Installs what is missing where it can; otherwise throws what is missing. */
export async function installTools(): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const how = `apt-get install ${missing.join(' ')}`;
  if (!has('apt-get')) throw new Error(`no ${missing.join(', ')}, and no apt-get to install it`);
  if (process.getuid?.() !== 0) throw new Error(`missing: ${missing.join(', ')}; run: sudo ${how}`);
  await runTool('apt-get', ['-qq', 'update']);
  await runTool('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...missing]);
}

function missingPackages(): readonly string[] {
  // On an arm64 machine the compilers of its own are the ones.
  const isHere = (program: string) =>
    has(program) || (process.arch === 'arm64' && has(program.replace(/^aarch64-linux-gnu-/, '')));
  return needed.filter(([program]) => !isHere(program)).map(([, name]) => name);
}

function has(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}
