import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { PlannedFile } from './planned-files.ts';

/** The old one or the new one, whenever the power fails: written beside it, on the disk, then renamed. */
export function writePlanned({ path: target, text, mode, group }: PlannedFile): void {
  if (text === undefined) {
    rmSync(target, { force: true });
    return;
  }
  const folder = path.dirname(target);
  if (mkdirSync(folder, { recursive: true }) !== undefined && group !== undefined) admit(folder, 0o750, group);
  const draft = `${target}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    admit(draft, mode, group);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, target);
  syncFolder(folder);
}

/**
 * For what says that all is done. The programs that were run before do not see to it that what they wrote is on the disk:
 * ssh-keygen, after a power cut, would leave keys that are empty.
 */
export function writeLast(file: PlannedFile): void {
  execFileSync('sync');
  writePlanned(file);
}

function admit(place: string, mode: number, group: PlannedFile['group']): void {
  if (group !== undefined) chownSync(place, 0, Number(execFileSync('id', ['-g', group], { encoding: 'utf8' })));
  chmodSync(place, mode);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
