import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { portHoldersCountMax } from '../limits.ts';
import { codeOf } from '../system-error.ts';
import type { SystemFolders } from './system-folders.ts';

/**
 * `picocom (pid 812)`, as far as the kernel lets this user look into the files of other processes; undefined when it
 * shows nobody.
 */
export async function describeHolders(device: string, folders: SystemFolders): Promise<string | undefined> {
  const pids = await listHolders(device, folders);
  const holders = await Promise.all(
    pids.map(async (pid) => {
      return pid === process.pid ? 'this agent itself' : await nameHolder(pid, folders);
    }),
  );
  return holders.length === 0 ? undefined : holders.join(', ');
}

/** `picocom (pid 812)`. Node.js calls itself after its thread: there it is the name of the script. */
export async function nameHolder(pid: number, { proc }: Pick<SystemFolders, 'proc'>): Promise<string> {
  const read = (file: string) => tolerate(readFile(path.join(proc, String(pid), file), 'utf8'), '');
  const name = (await read('comm')).trim();
  const [program = '', ...words] = name === 'MainThread' ? (await read('cmdline')).split('\0') : [];
  const script = path.basename(program).startsWith('node') && words.find((word) => !word.startsWith('-'));
  return `${path.basename(script || program).slice(0, 64) || name || 'a process'} (pid ${pid})`;
}

/** The processes that have it open, this one included. At most portHoldersCountMax. */
export async function listHolders(device: string, { proc }: Pick<SystemFolders, 'proc'>): Promise<readonly number[]> {
  const target = await tolerate(realpath(device), device);
  const pids = (await tolerate(readdir(proc), [])).filter((name) => /^\d+$/.test(name));
  const holders: number[] = [];
  for (const pid of pids) {
    if (holders.length === portHoldersCountMax) break;
    if (await holds(path.join(proc, pid, 'fd'), target)) holders.push(Number(pid));
  }
  return holders;
}

async function holds(folder: string, target: string): Promise<boolean> {
  for (const fd of await tolerate(readdir(folder), [])) {
    if ((await tolerate(readlink(path.join(folder, fd)), '')) === target) return true;
  }
  return false;
}

/** Processes end while they are looked at, and those of other users are closed to us. */
async function tolerate<Value>(reading: Promise<Value>, otherwise: Value): Promise<Value> {
  try {
    return await reading;
  } catch (cause) {
    const code = codeOf(cause) ?? '';
    if (['ENOENT', 'EACCES', 'EPERM', 'ESRCH', 'ENOTDIR'].includes(code)) return otherwise;
    throw cause;
  }
}
