import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What the rig needs from Debian: the program, and the package that has it. build/setup.mjs installs them where it can. */
const needed: readonly (readonly [program: string, debianPackage: string])[] = [
  ['qemu-system-aarch64', 'qemu-system-arm'],
  ['mke2fs', 'e2fsprogs'],
  ['xz', 'xz-utils'],
  ['cpio', 'cpio'],
  ['aarch64-linux-gnu-gcc', 'gcc-aarch64-linux-gnu'],
  ['aarch64-linux-gnu-g++', 'g++-aarch64-linux-gnu'],
];

/** Throws what is missing, and how to install it. */
export function needTools(): void {
  const missing = needed.filter(([program]) => !isHere(program)).map(([, name]) => name);
  if (missing.length > 0) throw new Error(`missing; apt-get install ${missing.join(' ')}`);
}

/** On an arm64 machine the compilers of its own are the ones. */
function isHere(program: string): boolean {
  return has(program) || (process.arch === 'arm64' && has(program.replace(/^aarch64-linux-gnu-/, '')));
}

function has(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}
