import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a process did to the files of one folder, in order; see shim.c. */
export interface DiskRecord {
  readonly kind: string;
  readonly inode: bigint;
  readonly offset: number;
  readonly bytes: Buffer;
}

export function readRecords(file: string): DiskRecord[] {
  const log = readFileSync(file);
  const records: DiskRecord[] = [];
  for (let at = 0; at + 21 <= log.length; ) {
    const size = log.readUInt32LE(at + 17);
    const [kind, inode] = [log.toString('latin1', at, at + 1), log.readBigUInt64LE(at + 1)];
    const bytes = log.subarray(at + 21, at + 21 + size);
    records.push({ kind, inode, offset: Number(log.readBigUInt64LE(at + 9)), bytes });
    at += 21 + size;
  }
  return records;
}

/**
 * A disk that loses its power. What was synced is there; of what was not, each write to a file is there or not, as
 * `survives` says (always false: nothing but what was synced). Names are there as of the last sync of the folder; with
 * `areNamesKept` as they are, and together with `survives` always true that is a process that was killed.
 *
 * Not modelled: writes torn within one call, sectors that rot, and a drive that lies about a sync.
 */
export class LossyDisk {
  readonly #survives: () => boolean;
  readonly #areNamesKept: boolean;
  readonly #synced = new Map<bigint, Buffer>();
  readonly #unsynced = new Map<bigint, DiskRecord[]>();
  #names = new Map<string, bigint>();
  #syncedNames = new Map<string, bigint>();

  constructor(survives: () => boolean, areNamesKept = false) {
    this.#survives = survives;
    this.#areNamesKept = areNamesKept;
  }

  play(record: DiskRecord): void {
    const { kind, inode } = record;
    const names = record.bytes.toString().split('\0');
    if (kind === 'C') this.#names.set(names[0]!, inode);
    else if (kind === 'U') this.#names.delete(names[0]!);
    else if (kind === 'R') this.#rename(names[0]!, names[1]!);
    else if (kind === 'D') this.#syncedNames = new Map(this.#names);
    else if (kind === 'S') this.#sync(inode);
    else if (kind === 'W' || kind === 'T') this.#unsynced.set(inode, [...(this.#unsynced.get(inode) ?? []), record]);
  }

  /** Writes the files as they are when the power comes back. */
  restore(folder: string): void {
    mkdirSync(folder, { recursive: true });
    const names = this.#areNamesKept ? this.#names : this.#syncedNames;
    for (const [name, inode] of names) {
      const surviving = (this.#unsynced.get(inode) ?? []).filter(() => this.#survives());
      writeFileSync(path.join(folder, name), surviving.reduce(apply, this.#synced.get(inode) ?? Buffer.alloc(0)));
    }
  }

  #sync(inode: bigint): void {
    const before = this.#synced.get(inode) ?? Buffer.alloc(0);
    this.#synced.set(inode, (this.#unsynced.get(inode) ?? []).reduce(apply, before));
    this.#unsynced.delete(inode);
  }

  #rename(source: string, target: string): void {
    const inode = this.#names.get(source);
    this.#names.delete(source);
    if (inode !== undefined) this.#names.set(target, inode);
  }
}

function apply(content: Buffer, { kind, offset, bytes }: DiskRecord): Buffer {
  const end = kind === 'T' ? offset : Math.max(content.length, offset + bytes.length);
  const next = Buffer.alloc(end);
  content.copy(next, 0, 0, Math.min(content.length, end));
  if (kind === 'W') bytes.copy(next, offset);
  return next;
}
