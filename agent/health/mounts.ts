import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly isReadOnly: boolean;
}

/** The file system a path is on, or will be on when it is made. `proc` is /proc, elsewhere in tests. */
export async function mountOf(folder: string, proc: string): Promise<Mount | undefined> {
  const place = await realpath(await nearestFolder(folder));
  const mounts = parseMounts(await readFile(path.join(proc, 'self', 'mounts'), 'utf8'));
  const around = mounts.filter(({ point }) => isBelow(place, point));
  return around.reduce<Mount | undefined>(
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

/** Lines as in fstab(5), with blanks and the like as octal numbers. */
export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [, point, type, options] = line.split(' ');
    if (point === undefined || type === undefined || options === undefined) return [];
    const decoded = point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [{ point: decoded, type, isReadOnly: options.split(',').includes('ro') }];
  });
}

function isBelow(place: string, point: string): boolean {
  return point === '/' || place === point || place.startsWith(`${point}/`);
}
