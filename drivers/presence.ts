import { constants, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import type { DriverClock } from './clock.ts';
import { presenceEveryMs } from './limits.ts';

/** Which device stands behind the path right now; undefined when none does. One system call, also through a link. */
export function deviceBehind(path: string): string | undefined {
  try {
    const { dev, ino, rdev } = statSync(path);
    return `${dev}:${ino}:${rdev}`;
  } catch {
    return undefined; // Whatever the reason: this path leads to no device now.
  }
}

/** Whether this user may read and write the device; what is to be done about it depends on the user. */
export async function isOpenable(file: string): Promise<boolean> {
  return await access(file, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** Calls `gone` once when another device, or none, stands behind the path. Dispose to stop looking. */
export function watchPresence(
  path: string,
  known: string | undefined,
  clock: DriverClock,
  gone: () => void,
): Disposable {
  let timer = clock.after(presenceEveryMs, look);
  function look(): void {
    if (deviceBehind(path) !== known) return gone();
    timer = clock.after(presenceEveryMs, look);
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
