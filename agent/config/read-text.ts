import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { codeOf } from '../../drivers/system-error.ts';

/** missing: no such file · unreadable: the system refuses or fails · invalid: what is in it cannot be a text. */
export type ReadTroubleKind = 'missing' | 'unreadable' | 'invalid';

export interface ReadTrouble {
  readonly kind: ReadTroubleKind;
  readonly message: string;
  readonly fix?: string;
  /** Where the text ends to be one. */
  readonly line?: number;
}

export interface ReadText {
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

/** A regular UTF-8 file of at most `bytesMax` bytes. */
export async function readText(path: string, bytesMax: number): Promise<Result<ReadText, ReadTrouble>> {
  try {
    return await readOpen(path, bytesMax);
  } catch (error) {
    return fail(troubleOf(error));
  }
}

/**
 * The same, done when it returns: for small files that must be as they are at this moment. Never for what may lie on a
 * network.
 */
export function readTextNow(path: string, bytesMax: number): Result<ReadText, ReadTrouble> {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(file);
    if (!status.isFile()) return fail({ kind: 'unreadable', message: 'not a regular file' });
    const bytes = Buffer.alloc(bytesMax + 1);
    let count = 0;
    for (let bytesRead = -1; bytesRead !== 0 && count < bytes.length; count += bytesRead) {
      bytesRead = readSync(file, bytes, count, bytes.length - count, null);
    }
    if (count > bytesMax) return fail({ kind: 'invalid', message: `larger than ${bytesMax} bytes` });
    return decode(bytes.subarray(0, count), status.mode & 0o777);
  } catch (error) {
    return fail(troubleOf(error));
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function readOpen(path: string, bytesMax: number): Promise<Result<ReadText, ReadTrouble>> {
  // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const status = await file.stat();
  if (!status.isFile()) return fail({ kind: 'unreadable', message: 'not a regular file' });
  const tooLarge: ReadTrouble = { kind: 'invalid', message: `larger than ${bytesMax} bytes` };
  if (status.size > bytesMax) return fail(tooLarge);
  const bytes = Buffer.alloc(bytesMax + 1); // The file may grow while it is read.
  let count = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, count, bytes.length - count);
    count += bytesRead;
    if (bytesRead === 0 || count === bytes.length) break;
  }
  if (count > bytesMax) return fail(tooLarge);
  return decode(bytes.subarray(0, count), status.mode & 0o777);
}

function decode(bytes: Buffer, mode: number): Result<ReadText, ReadTrouble> {
  const text = new TextDecoder().decode(bytes); // Takes a byte order mark away.
  if (Buffer.from(text).equals(bytes) || Buffer.from(`\uFEFF${text}`).equals(bytes)) return ok({ text, mode });
  const line = text.slice(0, text.indexOf('\uFFFD')).split('\n').length;
  return fail({ kind: 'invalid', message: 'not UTF-8', fix: 'save it as UTF-8', line });
}

function troubleOf(error: unknown): ReadTrouble {
  const code = codeOf(error) ?? 'unknown error';
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', message: 'no such file' };
  if (code === 'EACCES' || code === 'EPERM') {
    return { kind: 'unreadable', message: 'permission denied', fix: 'the user of the agent must be able to read it' };
  }
  return { kind: 'unreadable', message: `cannot be read: ${code}` };
}
