import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly isReadOnly: boolean;
  /** Nothing there outlives a power cut: the file system is in memory, or an overlay that writes to one that is. */
  readonly isInMemory: boolean;
}

/** The file system a path is on, or will be on when it is made. `proc` is /proc, elsewhere in tests. */
export async function mountOf(folder: string, proc: string): Promise<Mount | undefined> {
  const place = await realpath(await nearestFolder(folder));
  const mounts = parseMounts(await readFile(path.join(proc, 'self', 'mounts'), 'utf8'));
  const found = around(mounts, place);
  if (found === undefined) return undefined;
  const { upper, ...mount } = found;
  // In a container the folder behind it cannot be seen, and is on a disk.
  const isInMemory = mount.isInMemory || (upper !== undefined && around(mounts, upper)?.isInMemory === true);
  return { ...mount, isInMemory };
}

function around(mounts: readonly FoundMount[], place: string): FoundMount | undefined {
  return mounts
    .filter(({ point }) => isBelow(place, point))
    .reduce<FoundMount | undefined>(
      (best, mount) => (best === undefined || mount.point.length >= best.point.length ? mount : best), // The last one is on top.
      undefined,
    );
}

/** The folder itself, or the nearest one above it that there is. */
export async function nearestFolder(folder: string): Promise<string> {
  const absolute = path.resolve(folder);
  const found = await stat(absolute).catch(() => undefined); // Why it cannot be looked at does not matter here.
  return found !== undefined || absolute === '/' ? absolute : await nearestFolder(path.dirname(absolute));
}

interface FoundMount extends Mount {
  /** Where an overlay writes to. */
  readonly upper?: string;
}

/** Lines as in fstab(5), with blanks and the like as octal numbers. */
export function parseMounts(text: string): readonly FoundMount[] {
  return text.split('\n').flatMap((line) => {
    const [, point, type, options] = line.split(' ');
    if (point === undefined || type === undefined || options === undefined) return [];
    const [, upper] = /(?:^|,)upperdir=([^,]+)/.exec(options) ?? [];
    const isInMemory = type === 'tmpfs' || type === 'ramfs';
    const mount = { point: decode(point), type, isReadOnly: options.split(',').includes('ro'), isInMemory };
    return [upper === undefined ? mount : { ...mount, upper: decode(upper) }];
  });
}

function decode(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function isBelow(place: string, point: string): boolean {
  return point === '/' || place === point || place.startsWith(`${point}/`);
}
