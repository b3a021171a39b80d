import { statfs } from 'node:fs/promises';
import { diskFreeBytesMin } from '../limits.ts';
import { nearestFolder } from './mounts.ts';

export interface DiskSpace {
  readonly isFull: boolean;
  readonly detail: string;
}

/** What is left for whatever is not root. */
export async function spaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, bsize, files, ffree } = await statfs(await nearestFolder(folder));
  if (files > 0 && ffree === 0) return { isFull: true, detail: `no inode is free at ${folder}` };
  const freeBytes = bavail * bsize;
  return { isFull: freeBytes < diskFreeBytesMin, detail: `${Math.floor(freeBytes / 1_048_576)} MiB free at ${folder}` };
}

export function roomFix(folder: string): string {
  return `make room: du -xh ${folder} | sort -h | tail`;
}
