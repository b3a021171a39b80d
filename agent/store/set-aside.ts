import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';
import { codeOf } from '../../drivers/system-error.ts';
import { databaseName } from './database.ts';

const prefix = 'store.corrupt-';

/** Moves the damaged database and its log out of the way, keeps the newest few, and tells where it went. */
export function setAside(folder: string, wallMs: number, countMax: number): string {
  const stamp = new Date(wallMs).toISOString().replaceAll(/[:.]/g, '-');
  const target = freeName(folder, `${prefix}${stamp}`);
  for (const suffix of ['-wal', '-journal', '']) renameIfThere(folder, databaseName + suffix, target + suffix);
  const others = readdirSync(folder).filter(
    (name) => name.startsWith(prefix) && !/-(wal|journal)$/.test(name) && name !== target,
  );
  // The one that is told of stays, also where the clock of the board is behind that of the others.
  for (const name of others.toSorted().slice(0, Math.max(0, others.length - countMax + 1))) {
    for (const suffix of ['', '-wal', '-journal']) rmSync(path.join(folder, name + suffix), { force: true });
  }
  syncFolder(folder);
  return path.join(folder, target);
}

/** SQLite takes either for a new database, and removes the log. A power cut or a repair of the file system leaves them. See dropEmpty. */
export function whatIsCutOff(file: string): string | undefined {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size;
  if (bytes === 0) return 'it has no bytes';
  return bytes === undefined && existsSync(`${file}-wal`) ? 'its log is there, and it is not' : undefined;
}

/** What SQLite began and had no room for: it is not to be taken for one that was cut. */
export function dropEmpty(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.size !== 0) return;
  try {
    unlinkSync(file);
  } catch {
    // The disk takes nothing, and whoever opens the store says so.
  }
}

/** Makes the folder, durably. */
export function makeFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o750 });
  if (made !== undefined) syncFolder(path.dirname(folder));
}

/** Two damages in one millisecond happen to clocks that stand still. */
function freeName(folder: string, name: string): string {
  const taken = readdirSync(folder);
  let free = name;
  for (let count = 2; taken.includes(free); count += 1) free = `${name}-${count}`;
  return free;
}

/** The log first: a log without its database is ignored, a database without its log lacks its last commits. */
function renameIfThere(folder: string, source: string, target: string): void {
  try {
    renameSync(path.join(folder, source), path.join(folder, target));
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
