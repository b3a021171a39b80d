import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isPlainMap } from '../config/plain-map.ts';
import { restartsKeptCount } from '../limits.ts';
import { replaceFile } from '../replace-file.ts';

/** Starts of the agent, by the clock that runs from the start of the machine: it needs no time server. */
export interface Starts {
  /** Of the machine: /proc/sys/kernel/random/boot_id. */
  readonly machineBoot: string;
  /** Seconds since the machine started, oldest first. */
  readonly atSeconds: readonly number[];
}

export interface MachineClock {
  readonly machineBoot: string;
  readonly uptimeSeconds: number;
}

/** `proc` is /proc, elsewhere in tests. */
export async function readMachineClock(proc: string): Promise<MachineClock> {
  const machineBoot = (await readFile(path.join(proc, 'sys', 'kernel', 'random', 'boot_id'), 'utf8')).trim();
  const uptime = await readFile(path.join(proc, 'uptime'), 'utf8');
  return { machineBoot, uptimeSeconds: Number.parseFloat(uptime) };
}

/** Remembers this start; one small write. */
export async function rememberStart(stateFolder: string, now: MachineClock): Promise<void> {
  const before = await readStarts(stateFolder);
  const known = before?.machineBoot === now.machineBoot ? before.atSeconds : [];
  const atSeconds = [...known, Math.round(now.uptimeSeconds)].slice(-restartsKeptCount);
  await replaceFile(fileIn(stateFolder), JSON.stringify({ machineBoot: now.machineBoot, atSeconds }));
}

/** Within the last `windowMs`, since the machine started. */
export function countStarts(starts: Starts | undefined, now: MachineClock, windowMs: number): number {
  if (starts?.machineBoot !== now.machineBoot) return 0;
  return starts.atSeconds.filter((at) => now.uptimeSeconds - at <= windowMs / 1_000).length;
}

export async function readStarts(stateFolder: string): Promise<Starts | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(fileIn(stateFolder), 'utf8'));
    if (!isPlainMap(parsed)) return undefined;
    const { machineBoot, atSeconds } = parsed;
    if (typeof machineBoot !== 'string' || !Array.isArray(atSeconds)) return undefined;
    return { machineBoot, atSeconds: atSeconds.filter((at) => typeof at === 'number') };
  } catch {
    return undefined; // The first start, or a file that a power cut spoiled: count anew.
  }
}

function fileIn(stateFolder: string): string {
  return path.join(stateFolder, 'starts.json');
}
