import { renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { limitsFileOf } from '../documents/memory-file.ts';
import { keptLimit } from '../documents/on-limit.ts';

/**
 * Tells the next agent how long outputs may still be on: what the dead one wrote down may be a minute old. It is for the
 * next process, and not for a board that was without power meanwhile: nothing waits for the disk.
 */
export function leaveLimits(
  folder: string,
  limits: ReadonlyMap<string, number>,
  clock: Pick<Clock, 'monotonicMs' | 'wallMs'>,
): void {
  if (limits.size === 0) return;
  const documents = [...limits].map(([document, atMs]) => [
    document,
    keptLimit(atMs - clock.monotonicMs(), clock.wallMs()),
  ]);
  const file = limitsFileOf(folder);
  try {
    writeFileSync(`${file}.new`, JSON.stringify({ documents: Object.fromEntries(documents) }));
    renameSync(`${file}.new`, file);
  } catch {
    // A disk that takes nothing: then what the agent wrote down has to do.
  }
}
