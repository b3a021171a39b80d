import { readFile, writeFile } from 'node:fs/promises';

/*
 * What Node.js makes of a program with a snapshot (src/node_sea.cc and src/node_snapshotable.cc of Node.js 24), numbers with
 * the lowest byte first; a text, and everything of which the size is not known, is a u64 of how many bytes there are, and these:
 *
 *   u32 0x143da20, u32 flags, u8 who may add options, text: path of the program, snapshot, whatever else there is
 *
 *   snapshot: u32 0x143da19, u8 kind, 3 texts: version, CPU, system, u32 flags, u32 bytes of V8, these bytes,
 *             some KB about objects of Node.js, u64 how many modules of Node.js, of each: text: name, compiled code
 */
const programMagic = 0x0143_da20;
const snapshotMagic = 0x0143_da19;
const sizeBytes = 8;
const modulesMax = 10_000;

/**
 * Beside the snapshot lies what V8 has compiled of each module of Node.js, some 4 MB, and each start copies all of it. Leaves
 * it out for those that are not `wanted`: they are compiled when they are loaded. Fails when the file is not laid out as above.
 */
export async function trimBlob(file: string, wanted: (module: string) => boolean): Promise<void> {
  const blob = await readFile(file);
  const { start, end } = findSnapshot(blob, file);
  const snapshot = blob.subarray(start, end);
  const { codeStart, modules } = findCode(snapshot, file);
  const kept = modules.filter(({ name }) => wanted(name)).map(({ bytes }) => bytes);
  const trimmed = Buffer.concat([snapshot.subarray(0, codeStart), size(kept.length), ...kept]);
  await writeFile(
    file,
    Buffer.concat([blob.subarray(0, start - sizeBytes), size(trimmed.length), trimmed, blob.subarray(end)]),
  );
}

/** The names of all modules of Node.js that the file has compiled code of. */
export async function modulesIn(file: string): Promise<readonly string[]> {
  const blob = await readFile(file);
  const { start, end } = findSnapshot(blob, file);
  return findCode(blob.subarray(start, end), file).modules.map(({ name }) => name);
}

function findSnapshot(blob: Buffer, file: string): { readonly start: number; readonly end: number } {
  const read = reader(blob, 0);
  if (read.u32() !== programMagic) throw unknownLayout(file, 'it does not begin as a program');
  read.u32();
  read.u8();
  read.sized();
  const snapshot = read.sized();
  if (snapshot === undefined) throw unknownLayout(file, 'it ends within the snapshot');
  return { start: read.at() - snapshot.length, end: read.at() };
}

interface Module {
  readonly name: string;
  /** With its name. */
  readonly bytes: Buffer;
}

interface Code {
  readonly codeStart: number;
  readonly modules: readonly Module[];
}

function findCode(snapshot: Buffer, file: string): Code {
  const read = reader(snapshot, 0);
  if (read.u32() !== snapshotMagic) throw unknownLayout(file, 'it has no snapshot');
  read.u8();
  for (let texts = 0; texts < 3; texts += 1) read.sized();
  read.u32();
  const v8Bytes = read.u32() ?? 0;
  // What lies between has a form for each kind of object: the code begins where it can be read to the very end.
  for (let codeStart = read.at() + v8Bytes; codeStart < snapshot.length; codeStart += 1) {
    const modules = readModules(snapshot, codeStart);
    if (modules !== undefined) return { codeStart, modules };
  }
  throw unknownLayout(file, 'it has no compiled modules');
}

function readModules(snapshot: Buffer, codeStart: number): readonly Module[] | undefined {
  const read = reader(snapshot, codeStart);
  const count = read.size();
  if (count === undefined || count === 0 || count > modulesMax) return undefined;
  const modules: Module[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = read.at();
    const name = read.sized();
    const code = read.sized();
    if (name === undefined || code === undefined) return undefined;
    modules.push({ name: name.toString('latin1'), bytes: snapshot.subarray(start, read.at()) });
  }
  return read.at() === snapshot.length ? modules : undefined;
}

/** Reads in order; undefined where the bytes end. */
function reader(bytes: Buffer, start: number) {
  let next = start;
  const take = (count: number): Buffer | undefined => {
    if (next + count > bytes.length) return undefined;
    next += count;
    return bytes.subarray(next - count, next);
  };
  const readSize = () => {
    const found = take(sizeBytes)?.readBigUInt64LE();
    return found === undefined ? undefined : Number(found);
  };
  return {
    at: () => next,
    u8: () => take(1)?.readUInt8(),
    u32: () => take(4)?.readUInt32LE(),
    size: readSize,
    sized() {
      const count = readSize();
      return count === undefined ? undefined : take(count);
    },
  };
}

function size(count: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeBigUInt64LE(BigInt(count));
  return bytes;
}

function unknownLayout(file: string, why: string): Error {
  return new Error(`${file} is not laid out as Node.js 24 does (${why}): bring build/single/trim-blob.ts up to date`);
}
