import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf } from '../../../drivers/system-error.ts';
import { roomFix, spaceOf } from '../disk-space.ts';
import { mountOf } from '../mounts.ts';
import type { AtomicTest, TestResult } from '../self-test.ts';
import { failed, pass } from './outcome.ts';

/** Writes, fsyncs and reads back one small file in the state folder. One write: no wear to speak of. */
export function diskTest(stateFolder: string): AtomicTest {
  return {
    id: 'disk.write',
    title: 'state folder takes and keeps a file',
    async run() {
      try {
        await mkdir(stateFolder, { recursive: true });
        return await writeAndRead(path.join(stateFolder, `.selftest-${process.pid}`));
      } catch (error) {
        const detail = messageOf(error);
        return failed(detail, fixOf(codeOf(error), stateFolder));
      }
    },
  };
}

function fixOf(code: string | undefined, folder: string): string {
  if (code === 'ENOSPC' || code === 'EDQUOT') return roomFix(folder);
  if (code === 'EROFS') return `mount it writable: mount -o remount,rw ${folder}; if that fails the card is worn out`;
  return `make ${folder} writable for this user, or set state-folder`;
}

async function writeAndRead(file: string): Promise<TestResult> {
  const bytes = Buffer.alloc(4_096, String(Math.random())); // Not what the test before has left there.
  try {
    await using handle = await open(file, 'w');
    await handle.write(bytes);
    await handle.sync();
    const isSame = bytes.equals(await readFile(file));
    if (isSame) return pass(`${bytes.byteLength} bytes written, synced and read back`);
    return failed('read back something else', 'replace the storage card');
  } finally {
    await rm(file, { force: true });
  }
}

export function spaceTest(stateFolder: string): AtomicTest {
  return {
    id: 'disk.space',
    title: 'there is room for what must survive',
    async run() {
      const { isFull, detail } = await spaceOf(stateFolder);
      return isFull ? failed(detail, roomFix(stateFolder)) : pass(detail);
    },
  };
}

/** `proc` is /proc, elsewhere in tests. */
export function mountTest(stateFolder: string, proc = '/proc'): AtomicTest {
  return {
    id: 'disk.mount',
    title: 'state folder is on a file system that is writable',
    async run() {
      const mount = await mountOf(stateFolder, proc);
      if (mount === undefined) return failed(`nothing is mounted at ${stateFolder}`, 'look at: findmnt');
      const detail = `${mount.point}: ${mount.type}`;
      if (!mount.isReadOnly) return pass(detail);
      return failed(`${detail} is mounted read-only`, fixOf('EROFS', mount.point));
    },
  };
}
