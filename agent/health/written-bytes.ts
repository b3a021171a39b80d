import { readFileSync } from 'node:fs';

/**
 * What this process, threads included, had the kernel write to storage since its start: `write_bytes` of proc_pid_io(5).
 * Undefined where the kernel does not count it. The wear of the card is more: a page is written as a whole.
 */
export function writtenBytes(file = '/proc/self/io'): number | undefined {
  try {
    const [, digits] = /^write_bytes: (\d+)$/m.exec(readFileSync(file, 'utf8')) ?? [];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined; // A kernel without CONFIG_TASK_IO_ACCOUNTING.
  }
}
