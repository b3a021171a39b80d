import { openSync, readSync } from 'node:fs';
import { codeOf } from '../../drivers/system-error.ts';

/**
 * What the kernel counts as sent to a disk by this thread (`write_bytes` of /proc/thread-self/io): whole pages, also
 * those of the file system's own books that the thread itself caused. A tmpfs counts nothing. Undefined where the kernel
 * was built without CONFIG_TASK_IO_ACCOUNTING.
 */
export function openWrittenBytes(): { read(): number | undefined } {
  const descriptor = openIfThere('/proc/thread-self/io'); // Kept open: it stays this thread's, and a read costs 5 µs.
  const buffer = Buffer.alloc(512);
  return {
    read() {
      if (descriptor === undefined) return undefined;
      const text = buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
      const written = /^write_bytes: (\d+)$/m.exec(text)?.[1];
      return written === undefined ? undefined : Number(written);
    },
  };
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause;
    return undefined; // A kernel without it.
  }
}
