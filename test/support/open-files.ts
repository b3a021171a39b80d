import { readdirSync } from 'node:fs';

/** How many file descriptors this process has open. */
export function openFilesCount(): number {
  return readdirSync('/proc/self/fd').length;
}
