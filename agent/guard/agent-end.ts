import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { NativeGpio } from '../../drivers/native/addon.ts';

const lookEveryMs = 20;
/** The kernel tells of an end a moment before it is one. */
const looksMax = 10;

/**
 * Resolves when the agent is dead although its pipe to us is open: one of its threads waits for the disk, cannot be killed
 * before that answers, and has all descriptors with it. By then everything has been read that was in the pipe. Without the
 * native file nobody tells. `proc` is /proc, elsewhere in tests.
 */
export async function endOfAgent(native: Pick<NativeGpio, 'tellParentEnd'> | undefined, proc = '/proc'): Promise<void> {
  const agent = process.ppid;
  let told = Promise.withResolvers<void>();
  process.on('SIGUSR2', () => told.resolve()); // For good: it comes again with the end of each thread that we were left to.
  native?.tellParentEnd();
  for (;;) {
    await told.promise;
    told = Promise.withResolvers();
    for (let looks = 0; looks < looksMax; looks += 1) {
      if (await isDead(agent, proc)) return await turn();
      await pause(lookEveryMs);
    }
    // Somebody else has sent the signal.
  }
}

/** Nobody's child any more, or that of a process of which only other threads are left. */
async function isDead(agent: number, proc: string): Promise<boolean> {
  if (process.ppid !== agent) return true;
  const text = await readFile(path.join(proc, String(agent), 'stat'), 'utf8').catch(() => '');
  return /^[ZX]/.test(text.slice(text.lastIndexOf(')') + 2)); // The name before may have anything in it.
}
