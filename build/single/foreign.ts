import { existsSync } from 'node:fs';
import type { Cpu } from '../node-binary.ts';

/** Where Debian's cross compilers have the libraries of another CPU; qemu-user looks for them there. */
const emulators: { readonly [cpu in Cpu]: { readonly program: string; readonly root: string } } = {
  arm64: { program: '/usr/bin/qemu-aarch64-static', root: '/usr/aarch64-linux-gnu' },
  x64: { program: '/usr/bin/qemu-x86_64-static', root: '/usr/x86_64-linux-gnu' },
};

/**
 * How a program of this CPU is run here: as it is, or by qemu-user. Undefined: not at all; then `foreignMissing` says what
 * is to be installed.
 */
export function runnerOf(cpu: Cpu): readonly string[] | undefined {
  if (cpu === process.arch) return [];
  const { program, root } = emulators[cpu];
  const isThere = existsSync(program) && existsSync(`${root}/lib/libstdc++.so.6`);
  return isThere ? [program, '-L', root] : undefined;
}

export function foreignMissing(cpu: Cpu): string {
  const compiler = cpu === 'arm64' ? 'g++-aarch64-linux-gnu' : 'g++-x86-64-linux-gnu';
  return `no qemu-user for ${cpu}: apt-get install qemu-user-static ${compiler}`;
}
