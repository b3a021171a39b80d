import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { codeOf } from '../../drivers/system-error.ts';

/** A file system of its own in memory, of 1 MiB. */
export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Until nothing more fits. */
  fill(): void;
  makeReadOnly(): void;
}

/** Why there can be none here; undefined when there can. For the title of what is skipped. */
export const smallDiskMissing: string | undefined = canMount() ? undefined : 'this user may not mount a tmpfs';

export function openSmallDisk(): SmallDisk {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-small-disk-'));
  run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'qn-test', folder);
  return {
    folder,
    fill() {
      try {
        writeFileSync(path.join(folder, 'ballast'), Buffer.alloc(2 * 1_024 * 1_024));
      } catch (error) {
        if (codeOf(error) !== 'ENOSPC') throw error;
      }
    },
    makeReadOnly: () => run('mount', '-o', 'remount,ro', folder),
    [Symbol.dispose]() {
      run('umount', '-l', folder); // Whoever still has a file open there keeps it until it ends.
      rmdirSync(folder);
    },
  };
}

function canMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-small-disk-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'qn-test', folder]).status === 0;
  if (isMounted) run('umount', folder);
  rmdirSync(folder);
  return isMounted;
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
