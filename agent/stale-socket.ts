import { existsSync } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

/** A socket that an agent left behind when it was killed. One that somebody listens on stays. */
export async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined); // Nothing there is what we want.
  if (found?.isSocket() !== true || (await isServed(path))) return;
  await unlink(path);
}

/** A process listens there, also one that hangs. */
export function isServed(path: string): Promise<boolean> {
  if (!existsSync(path)) return Promise.resolve(false); // As at most starts, which have no time to hear it from `connect`.
  return new Promise((resolve) => {
    const probe = connect(path);
    const end = (isServed: boolean) => {
      probe.destroy();
      resolve(isServed);
    };
    probe.once('connect', () => end(true));
    probe.once('error', () => end(false));
  });
}
