import { existsSync } from 'node:fs';
import path from 'node:path';

/** A CPU we build for. */
export interface Target {
  readonly cpu: 'x64' | 'arm64';
  /** In front of the names of its compilers; empty on that CPU itself. */
  readonly compilerPrefix: string;
  /** Behind the names of their Debian packages. */
  readonly packageSuffix: string;
  readonly serialPrebuild: string;
}

export const targets: readonly Target[] = [
  {
    cpu: 'x64',
    compilerPrefix: process.arch === 'x64' ? '' : 'x86_64-linux-gnu-',
    packageSuffix: process.arch === 'x64' ? '' : '-x86-64-linux-gnu',
    serialPrebuild: 'linux-x64/@serialport+bindings-cpp.glibc.node',
  },
  {
    cpu: 'arm64',
    compilerPrefix: process.arch === 'arm64' ? '' : 'aarch64-linux-gnu-',
    packageSuffix: process.arch === 'arm64' ? '' : '-aarch64-linux-gnu',
    serialPrebuild: 'linux-arm64/@serialport+bindings-cpp.armv8.glibc.node',
  },
];

export function outputFolder(cpu: string): string {
  return `dist/native/linux-${cpu}`;
}

/** The headers are the same for both CPUs: whichever package is there will do. */
export function headerFolder(): string | undefined {
  const packages = targets.map(({ cpu }) => `node_modules/node-linux-${cpu}/include/node`);
  return packages.find((headers) => existsSync(path.join(headers, 'node.h')));
}
