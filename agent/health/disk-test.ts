import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { AtomicTest, TestResult } from './self-test.ts';

/** Writes, fsyncs and reads back one small file in the state folder. One write per boot: no wear to speak of. */
export function diskTest(stateFolder: string): AtomicTest {
  return {
    id: 'disk.write',
    title: 'state folder takes and keeps a file',
    async run() {
      try {
        await mkdir(stateFolder, { recursive: true });
        return await writeAndRead(path.join(stateFolder, `.selftest-${process.pid}`));
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        return { status: 'fail', detail, fix: `make ${stateFolder} writable for this user, or set state-folder` };
      }
    },
  };
}

async function writeAndRead(file: string): Promise<TestResult> {
  const bytes = randomBytes(4_096);
  try {
    await using handle = await open(file, 'w');
    await handle.write(bytes);
    await handle.sync();
    const isSame = bytes.equals(await readFile(file));
    if (isSame) return { status: 'pass', detail: `${bytes.byteLength} bytes written, synced and read back` };
    return { status: 'fail', detail: 'read back something else', fix: 'replace the storage card' };
  } finally {
    await rm(file, { force: true });
  }
}
