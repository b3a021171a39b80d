import { accessSync, constants, statfsSync } from 'node:fs';
import { codeOf, messageOf } from '../../drivers/system-error.ts';
import { type StoreError, type StoreErrorKind, storeError } from './error.ts';

/** Carries an error through the store thread, to its one place where errors become answers. */
export class StoreFault extends Error {
  readonly error: StoreError;

  constructor(error: StoreError) {
    super(error.detail);
    this.error = error;
  }
}

/** Primary result codes of SQLite. https://www.sqlite.org/rescode.html */
const kindOfSqliteCode: ReadonlyMap<number, StoreErrorKind> = new Map([
  [3, 'read-only'], // PERM
  [5, 'busy'],
  [6, 'busy'], // LOCKED
  [8, 'read-only'],
  [10, 'io'],
  [11, 'corrupt'],
  [13, 'full'],
  [14, 'io'], // CANTOPEN
  [26, 'corrupt'], // NOTADB
]);

const kindOfSystemCode: ReadonlyMap<string, StoreErrorKind> = new Map([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'read-only'],
  ['EPERM', 'read-only'],
]);

/** With less than this left, a fault of the disk is that it is full. */
const spaceBytesMin = 65_536;

/** What SQLite or the system said, as a StoreError. */
export function storeErrorOf(cause: unknown, operation: string, file: string, folder: string): StoreError {
  if (cause instanceof StoreFault) return cause.error;
  const detail = messageOf(cause);
  return storeError(kindOf(cause, file, folder), operation, file, detail, detail);
}

function kindOf(cause: unknown, file: string, folder: string): StoreErrorKind {
  const code = sqliteCodeOf(cause);
  if (code === undefined) return kindOfSystemCode.get(codeOf(cause) ?? '') ?? 'io';
  const kind = kindOfSqliteCode.get(code & 0xff) ?? 'io';
  if (kind === 'io') return reasonOfDisk(folder) ?? 'io';
  // A damaged header says `read-only` as well: no such thing when the system would let us write.
  if (kind === 'read-only' && reasonOfDisk(folder) === undefined && isWritable(file)) return 'corrupt';
  return kind;
}

/** SQLite has one code for every failed call of the system; the folder tells more. */
function reasonOfDisk(folder: string): StoreErrorKind | undefined {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < spaceBytesMin ? 'full' : undefined;
  } catch (cause) {
    return kindOfSystemCode.get(codeOf(cause) ?? '');
  }
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false; // That is the answer.
  }
}

/** The result code of SQLite, extended; undefined when it is no error of SQLite. */
export function sqliteCodeOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('errcode' in cause)) return undefined;
  return typeof cause.errcode === 'number' ? cause.errcode : undefined;
}
