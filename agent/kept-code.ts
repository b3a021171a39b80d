import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Script } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';

/*
 * V8 compiles a function when it is called for the first time, which is a third of the time of a start. What Node.js keeps for
 * NODE_COMPILE_CACHE was compiled before any of them was called. So the program keeps, in that folder, what is compiled when it
 * is ready, and its next start goes on from there.
 */

/** What the program finds as `kept` when it runs from its file by `runKept`. */
export interface Kept {
  /** Of the store, started already. */
  readonly storeThread: Worker;
  /** Once it is ready, and before flags of V8 change, which its code fits. Nothing is written where it was kept already. */
  readonly keep: () => Promise<void>;
  /** It started from what a run before has kept. */
  readonly isFromBefore: boolean;
}

const parameters = ['require', 'module', '__filename', '__dirname', 'kept'] as const;

/** CRC-32 of the program and of what follows: V8 itself compares lengths, and believes what a power cut left. */
const headBytes = 8;

/**
 * Runs a CommonJS file with what V8 made of it in a run before, which lies in `folder`: where that does not fit, is damaged or
 * not there, the file is compiled. Throws when the file cannot be read, and what the file throws.
 */
export function runKept(file: string, folder: string, module: NodeJS.Module, storeThread: Worker): void {
  const bytes = readFileSync(file);
  const sum = crc32(bytes);
  const text = bytes.toString().replace(/^#!.*/, '');
  const opening = `(function (${parameters.join(', ')}) {`;
  const keptFile = path.join(folder, `${path.basename(file)}.code`);
  const cachedData = readCode(keptFile, sum);
  const script = new Script(`${opening}${text}\n})`, {
    ...{ filename: file, columnOffset: -opening.length },
    ...(cachedData && { cachedData }),
  });
  const isFromBefore = cachedData !== undefined && script.cachedDataRejected === false;
  const kept: Kept = {
    ...{ storeThread, isFromBefore },
    async keep() {
      if (!isFromBefore) await writeCode(keptFile, sum, script.createCachedData());
    },
  };
  script.runInThisContext()(module.require.bind(module), module, file, path.dirname(file), kept);
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
  await writeFile(`${file}.new`, Buffer.concat([head, code]));
  await rename(`${file}.new`, file);
}
