import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Script } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { dropDraft } from './replace-file.ts';

/*
 * V8 compiles a function when it is called for the first time, which is a third of the time of a start. What Node.js keeps for
 * NODE_COMPILE_CACHE was compiled before any of them was called. So the program keeps, in that folder, what is compiled when it
 * is ready, and its next start goes on from there.
 *
 * For Node.js itself nearly all of the file is a comment: it is done with it in no time, and holds no second copy.
 */

/** What the program finds as `kept`. */
export interface Kept {
  /** Of the store, started already. */
  readonly storeThread: Worker | undefined;
  /** Once it is ready, and before flags of V8 change, which its code fits. Nothing is written where it was kept already. */
  readonly keep: () => Promise<void>;
  /** It started from what a run before has kept. */
  readonly isFromBefore: boolean;
}

/** Of the function that the program is, as `build/front.ts` writes it. */
export const parameters = ['require', 'module', '__filename', '__dirname', 'kept'] as const;

/** What Node.js runs: `#!`, and what calls `runBehindFront`. */
const frontLinesCount = 2;
/** What would end the comment that the program is, and what stands there for it: as long, so that it is put back in its place. */
export const commentEnd = ['*/', '*\u0001'] as const;

/**
 * A text with more bytes than this Node.js keeps outside of the heap of V8. Of a program inside, the first collection of young
 * objects would come before the agent is connected, and take some 5 ms.
 */
const heapTextBytesMax = 0xfbee9;

/** CRC-32 of the program and of what follows: V8 itself compares lengths, and believes what a power cut left. */
const headBytes = 8;

/**
 * Runs the program that stands behind the front of a file. What V8 made of it in a run before lies in `folder`: where that does not
 * fit, is damaged or not there, it is compiled. Throws when the file cannot be read, and what the program throws.
 */
export function runBehindFront(
  file: string,
  module: NodeJS.Module,
  { folder, storeThread }: { readonly folder?: string | undefined; readonly storeThread?: Worker | undefined },
): void {
  const bytes = readFileSync(file);
  const keptFile = folder === undefined ? undefined : path.join(folder, `${path.basename(file)}.code`);
  const sum = keptFile === undefined ? 0 : crc32(bytes);
  const cachedData = keptFile === undefined ? undefined : readCode(keptFile, sum);
  const where = { filename: file, lineOffset: frontLinesCount };
  const script = new Script(programOf(bytes), { ...where, ...(cachedData && { cachedData }) });
  const isFromBefore = cachedData !== undefined && script.cachedDataRejected === false;
  const kept: Kept = {
    ...{ storeThread, isFromBefore },
    async keep() {
      if (keptFile !== undefined && !isFromBefore) await writeCode(keptFile, sum, script.createCachedData());
    },
  };
  script.runInThisContext()(module.require.bind(module), module, file, path.dirname(file), kept);
}

function programOf(bytes: Buffer): string {
  let at = 0;
  for (let line = 0; line < frontLinesCount; line++) at = bytes.indexOf('\n', at) + 1;
  const [end, inItsPlace] = commentEnd;
  const program = bytes.subarray(at + end.length, bytes.lastIndexOf(end));
  for (let found = -1; (found = program.indexOf(inItsPlace, found + 1)) >= 0; ) program.write(end, found);
  const text = Buffer.alloc(Math.max(program.length, heapTextBytesMax + 1), ' ');
  text.set(program);
  return text.toString('latin1');
}

function readCode(file: string, programSum: number): Buffer | undefined {
  try {
    const whole = readFileSync(file);
    const code = whole.subarray(headBytes);
    const isSound = whole.readUInt32LE(0) === programSum && whole.readUInt32LE(4) === crc32(code);
    return isSound ? code : undefined;
  } catch {
    return undefined; // The first start, or a disk in trouble: the store and the self-test tell that.
  }
}

/** Not flushed to the disk: half of it is as good as nothing. */
async function writeCode(file: string, programSum: number, code: Buffer): Promise<void> {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(programSum, 0);
  head.writeUInt32LE(crc32(code), 4);
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.new`;
  try {
    await writeFile(draft, Buffer.concat([head, code]));
  } catch (error) {
    await dropDraft(draft);
    throw error;
  }
  await rename(draft, file);
}
