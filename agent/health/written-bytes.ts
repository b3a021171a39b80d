import { readFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { LastDay } from './last-day.ts';
import type { HealthSources } from './report.ts';

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

/** For the health report, which asks far more often than once an hour. */
export function diskWear(clock: Clock): Pick<HealthSources, 'diskWrittenBytes' | 'diskWrittenBytesLastDay'> {
  const lastDay = new LastDay(clock, 0);
  return {
    diskWrittenBytes: () => writtenBytes(),
    diskWrittenBytesLastDay() {
      const bytes = writtenBytes();
      return bytes === undefined ? undefined : lastDay.grown(bytes);
    },
  };
}
