import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../../drivers/system-error.ts';
import type { Clock } from '../clock.ts';
import { isPlainMap } from '../config/plain-map.ts';
import { memoryFileBytesMax, memoryWriteMsMin } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Value } from '../qn/message.ts';
import { replaceFile } from '../replace-file.ts';

/** What one document remembers over a restart. */
export interface Memory {
  /** As it was kept by the agent before this one; undefined where there is nothing, or nothing readable. */
  recall(): unknown;
  /** `read` is asked at every write; undefined: there is nothing to remember. */
  keep(read: () => Value | undefined): void;
  /** What is kept changed, and is written some time in the next minute. */
  touch(): void;
}

/** Remembers nothing; for boards that are opened only to be tested. */
export const noMemory: Memory = { recall: () => undefined, keep() {}, touch() {} };

/**
 * One file in the state folder with what all documents remember. SD cards wear out: it is written when something changed,
 * at most once per memoryWriteMsMin, and at exit. A power cut costs what changed since the last write.
 */
export class MemoryFile implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #path: string;
  readonly #recalled: Map<string, unknown>;
  readonly #readers = new Map<string, () => unknown>(); // One per document at most.
  /** Why less is recalled than was kept, for people; absent: all of it is. */
  readonly damage: string | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isDirty = false;
  /** Not every document has been asked what it remembers. */
  #isOpening = true;
  #timer: Disposable | undefined;

  private constructor(dependencies: MemoryDependencies, file: string, { documents, damages }: Recalled) {
    this.damage = damages[0]?.detail;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
    this.#path = file;
    this.#recalled = new Map(Object.entries(documents));
  }

  /** A file that cannot be read is as good as none: the board must start all the same. */
  static async open(dependencies: MemoryDependencies, stateFolder: string): Promise<MemoryFile> {
    const recalled = await recallAll(stateFolder, dependencies.log);
    for (const { file } of recalled.damages) await putAside(file);
    await rm(limitsFileOf(stateFolder), { force: true }).catch(() => {}); // It is of the life before this one only.
    return new MemoryFile(dependencies, fileOf(stateFolder), recalled);
  }

  /** A document that is opened again recalls what it was to remember at its end. */
  of(document: string): Memory {
    const reader = this.#readers.get(document);
    const recalled = reader === undefined ? this.#recalled.get(document) : reader();
    if (reader === undefined) this.#readers.set(document, () => recalled); // It need not be open in this life.
    return {
      recall: () => recalled,
      keep: (read) => void this.#readers.set(document, read),
      touch: () => this.#touch(),
    };
  }

  /** All documents of the config were opened: what others remembered is left out from now on. */
  opened(): void {
    this.#isOpening = false;
  }

  /** There is no such document any more. */
  forget(document: string): void {
    this.#recalled.delete(document);
    if (this.#readers.delete(document)) this.#touch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.#writing;
    if (this.#isDirty) await this.#write();
  }

  /** The first change after a quiet minute is written at once, those behind it together when the minute is over. */
  #touch(): void {
    this.#isDirty = true;
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.after(memoryWriteMsMin, () => {
      this.#timer = undefined;
      if (this.#isDirty) this.#touch();
    });
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    this.#isDirty = false;
    const documents = [...this.#readers].flatMap(([name, read]) => {
      const value = read();
      return value === undefined ? [] : [[name, value] as const];
    });
    const others = [...this.#recalled].filter(([name]) => this.#isOpening && !this.#readers.has(name));
    try {
      await replaceFile(
        this.#path,
        `${JSON.stringify({ documents: Object.fromEntries([...others, ...documents]) })}\n`,
      );
    } catch (err) {
      this.#isDirty = true; // Tried again with the next change, or at exit.
      this.#log.warn({ path: this.#path, err }, 'cannot keep what documents remember');
    }
  }
}

interface MemoryDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

interface Recalled {
  readonly documents: { readonly [document: string]: unknown };
  readonly damages: readonly { readonly file: string; readonly detail: string }[];
}

export async function recallDocuments(stateFolder: string, log: Log): Promise<Recalled['documents']> {
  return (await recallAll(stateFolder, log)).documents;
}

/** What the guard tells of the end of the last agent is newer. */
async function recallAll(stateFolder: string, log: Log): Promise<Recalled> {
  const before = await readDocuments(fileOf(stateFolder), log);
  const left = await readDocuments(limitsFileOf(stateFolder), log);
  return {
    documents: { ...before.documents, ...left.documents },
    damages: [...before.damages, ...left.damages],
  };
}

/** The next write would take its place, and somebody may want to read the count of a meter in it. */
async function putAside(file: string): Promise<void> {
  await rename(file, `${file}.damaged`).catch(() => {}); // The disk takes nothing: then the next write does not take its place either.
}

/** Where a guard leaves how long outputs may still be on. */
export function limitsFileOf(stateFolder: string): string {
  return path.join(stateFolder, 'limits-left.json');
}

function fileOf(stateFolder: string): string {
  return path.join(stateFolder, 'documents.json');
}

async function readDocuments(file: string, log: Log): Promise<Recalled> {
  const nothing = (why: string): Recalled => {
    const detail = `what documents remembered (${file}) ${why}: what they count and how long they were on begins anew`;
    log.warn({ path: file }, detail);
    return { documents: {}, damages: [{ file, detail }] };
  };
  try {
    const text = await readFile(file, 'utf8');
    const parsed: unknown = text.length > memoryFileBytesMax ? undefined : JSON.parse(text);
    const documents = isPlainMap(parsed) ? parsed['documents'] : undefined;
    return isPlainMap(documents) ? { documents, damages: [] } : nothing('is not what was kept');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { documents: {}, damages: [] };
    return nothing(error instanceof SyntaxError ? 'is damaged' : `cannot be read (${String(error)})`);
  }
}
