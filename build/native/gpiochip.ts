import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Addon } from './addon.ts';

/** Node-API only, and libuv, whose ABI stays within its first version: the same file runs on Node 24 and 26. */
export function gpiochipAddon(headers: string): Addon {
  return {
    name: 'gpiochip',
    compiler: 'gcc',
    flags: ['-shared', '-O2', '-s', ...gpiochipFlags(headers)],
    ...gpiochipSources(),
  };
}

/** What every build of it has, the one for the address sanitizer as well. */
export function gpiochipFlags(headers: string): readonly string[] {
  const warnings = ['-Wall', '-Wextra', '-Werror', '-pedantic'];
  // As a system's: the warnings are about our code.
  return ['-std=c11', '-D_GNU_SOURCE', ...warnings, '-fPIC', '-fvisibility=hidden', '-isystem', headers];
}

export function gpiochipSources(): Pick<Addon, 'sources' | 'inputs'> {
  const sourceFolder = 'drivers/native';
  const files = readdirSync(sourceFolder).sort();
  const ending = (end: string) => files.filter((file) => file.endsWith(end)).map((file) => join(sourceFolder, file));
  return { sources: ending('.c'), inputs: ending('.h') };
}
