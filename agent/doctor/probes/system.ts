import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, open, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { codeOf } from '../../../drivers/system-error.ts';
import type { Clock } from '../../clock.ts';
import { plausibleWallMsMin } from '../../health/clock-quality.ts';
import { askTimedated } from '../../health/clock-sync.ts';
import { type KeptMemory, keptMemoryOf } from '../../health/kept-memory.ts';
import { mountOf, nearestFolder } from '../../health/mounts.ts';
import type { ClockFacts, DiskFacts, PowerFacts, UserFacts } from '../facts.ts';

/** Folders of the system; each of them elsewhere in tests. */
export interface SystemRoot {
  readonly proc: string;
  readonly sys: string;
  readonly dev: string;
  readonly run: string;
  readonly etc: string;
  /** `vcgencmd` of Raspberry Pi OS. */
  readonly vcgencmd: string;
}

export const systemRoot: SystemRoot = {
  proc: '/proc',
  sys: '/sys',
  dev: '/dev',
  run: '/run',
  etc: '/etc',
  vcgencmd: '/usr/bin/vcgencmd',
};

export async function probeUser({ etc }: SystemRoot): Promise<UserFacts> {
  const uid = process.getuid?.() ?? 0;
  const groups = (await readText(path.join(etc, 'group'))).split('\n').flatMap((line) => {
    const [name = '', , gid = ''] = line.split(':');
    return process.getgroups?.().includes(Number(gid)) === true && gid !== '' ? [name] : [];
  });
  return { name: nameOf(uid), isRoot: uid === 0, groups };
}

function nameOf(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid); // A user without a line in passwd.
  }
}

export async function probeClock(clock: Clock, { run, sys }: SystemRoot, ask = askTimedated): Promise<ClockFacts> {
  const wallMs = clock.wallMs();
  const folder = path.join(run, 'systemd', 'timesync');
  const isSynced = existsSync(path.join(folder, 'synchronized')) || (await ask()); // Not all boards have timesyncd.
  const isAsked = isSynced !== undefined || existsSync(folder);
  const sync = isSynced === true ? 'synced' : isAsked ? 'unsynced' : 'unknown';
  const hasRtc = existsSync(path.join(sys, 'class', 'rtc', 'rtc0'));
  return { wallMs, isPlausible: wallMs >= plausibleWallMsMin, sync, hasRtc };
}

/** By the file of newer kernels, else by the program of the firmware. */
export async function probePower({ sys, vcgencmd }: SystemRoot): Promise<PowerFacts> {
  const file = path.join(sys, 'devices', 'platform', 'soc', 'soc:firmware', 'get_throttled');
  const text = (await readText(file)).trim() || (await outputOf(vcgencmd, ['get_throttled']));
  const [, digits] = /^(?:throttled=)?(?:0x)?([0-9a-f]+)\s*$/i.exec(text) ?? [];
  return digits === undefined ? {} : { throttled: Number.parseInt(digits, 16) };
}

/** Of an agent that is a service of the system: for one that a person started in a shell nobody keeps anything. */
export async function probeMemory(pid: number, root: SystemRoot): Promise<KeptMemory | undefined> {
  const kept = await keptMemoryOf(pid, root);
  const isService = kept !== undefined && /^(?!\/user\.slice\/).*\.service$/.test(kept.group);
  return isService ? kept : undefined;
}

/** Tries to write in the state folder, or where it is to be made, and takes it away again. */
export async function probeDisk(folder: string, { proc }: SystemRoot): Promise<DiskFacts> {
  const nearest = await nearestFolder(folder);
  const { bavail, bsize, files, ffree } = await statfs(nearest);
  const mount = await mountOf(folder, proc).catch(() => undefined); // Without /proc it is not known.
  const writeFault = await tryToWrite(nearest);
  const { uid } = await stat(nearest);
  const stray = nearest === folder && uid !== 0 ? await strayIn(folder, uid) : undefined;
  return {
    folder,
    ...(stray === undefined ? {} : { stray }),
    isForeign: nearest === folder && uid !== 0 && uid !== process.getuid?.(),
    freeBytes: bavail * bsize,
    isOutOfInodes: files > 0 && ffree === 0,
    ...(mount === undefined ? {} : { mount }),
    ...(writeFault === undefined ? {} : { writeFault }),
  };
}

/** The first thing in the folder, or in a folder of it, that is not of this user. */
async function strayIn(folder: string, uid: number): Promise<string | undefined> {
  const ownNames = await namesIn(folder);
  const inner = await Promise.all(
    ownNames.map(async (name) => (await namesIn(path.join(folder, name))).map((below) => path.join(name, below))),
  );
  for (const name of [...ownNames, ...inner.flat()].toSorted()) {
    const found = await lstat(path.join(folder, name)).catch(() => undefined); // It was taken away meanwhile.
    if (found !== undefined && found.uid !== uid) return path.join(folder, name);
  }
  return undefined;
}

async function tryToWrite(folder: string): Promise<string | undefined> {
  const file = path.join(folder, `.doctor-${randomBytes(4).toString('hex')}`);
  try {
    const handle = await open(file, 'wx');
    try {
      await handle.write(Buffer.alloc(4_096));
      await handle.sync();
    } finally {
      await handle.close();
      await rm(file);
    }
    return undefined;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

/** Empty when it cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return ''; // Then it tells nothing, which is what the caller works with.
  }
}

/** Names in a folder; none when it cannot be read. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // As above.
  }
}

/** What a program prints; empty when it is not there or fails. */
function outputOf(program: string, args: readonly string[]): Promise<string> {
  if (!existsSync(program)) return Promise.resolve('');
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 2_000 }, (error, stdout) => resolve(error === null ? stdout : ''));
  });
}
