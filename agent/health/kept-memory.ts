import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What the kernel leaves to a process and its group, whatever others take. */
export interface KeptMemory {
  /** As in /proc/PID/cgroup. */
  readonly group: string;
  /** Of all groups around the process, its own included, the one that keeps least. Absent: the kernel keeps nothing for anybody. */
  readonly least?: { readonly group: string; readonly bytes: number };
}

/** Folders of the system, elsewhere in tests. */
export interface KeptMemoryRoot {
  readonly proc: string;
  readonly sys: string;
}

export const accountFix = "sudo sed -i 's/$/ cgroup_enable=memory/' /boot/firmware/cmdline.txt && sudo reboot";
export const keepFix = 'write MemoryMin=128M into the unit and into its slice';

/**
 * A group gets what its `memory.min` or `memory.low` says, and no more than each group around it (cgroup v2 of the kernel,
 * "Reserve"). Undefined: the kernel does not tell to which group that process belongs.
 */
export async function keptMemoryOf(
  pid: number | 'self',
  { proc, sys }: KeptMemoryRoot,
): Promise<KeptMemory | undefined> {
  const [, group] = /^0::(\/.*)$/m.exec(await textOf(path.join(proc, String(pid), 'cgroup'))) ?? [];
  if (group === undefined) return undefined;
  let least: KeptMemory['least'];
  for (let name = group; ; name = path.dirname(name)) {
    const bytes = await keptBy(path.join(sys, 'fs', 'cgroup', name));
    if (bytes !== undefined && (least === undefined || bytes < least.bytes)) least = { group: name, bytes };
    if (name === '/') return { group, ...(least && { least }) }; // The group around all has no such files.
  }
}

async function keptBy(folder: string): Promise<number | undefined> {
  const texts = await Promise.all(['memory.min', 'memory.low'].map((name) => textOf(path.join(folder, name))));
  const values = texts.filter((text) => text !== '').map((text) => (text.trim() === 'max' ? Infinity : Number(text)));
  return values.length === 0 ? undefined : Math.max(...values);
}

/** Empty where there is no such file. */
async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch(() => '');
}
