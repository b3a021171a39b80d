import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
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
  #writing: Promise<void> = Promise.resolve();
  #isDirty = false;
  #timer: Disposable | undefined;

  private constructor(
    dependencies: MemoryDependencies,
    file: string,
    recalled: { readonly [document: string]: unknown },
  ) {
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
    this.#path = file;
    this.#recalled = new Map(Object.entries(recalled));
  }

  /** A file that cannot be read is as good as none: the board must start all the same. */
  static async open(dependencies: MemoryDependencies, stateFolder: string): Promise<MemoryFile> {
    const recalled = await recallDocuments(stateFolder, dependencies.log);
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
    try {
      await replaceFile(this.#path, `${JSON.stringify({ documents: Object.fromEntries(documents) })}\n`);
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

/** What the guard tells of the end of the last agent is newer. */
export async function recallDocuments(
  stateFolder: string,
  log: Log,
): Promise<{ readonly [document: string]: unknown }> {
  const documents = await readDocuments(fileOf(stateFolder), log);
  return { ...documents, ...(await readDocuments(limitsFileOf(stateFolder), log)) };
}

/** Where a guard leaves how long outputs may still be on. */
export function limitsFileOf(stateFolder: string): string {
  return path.join(stateFolder, 'limits-left.json');
}

function fileOf(stateFolder: string): string {
  return path.join(stateFolder, 'documents.json');
}

async function readDocuments(file: string, log: Log): Promise<{ readonly [document: string]: unknown }> {
  try {
    const text = await readFile(file, 'utf8');
    const parsed: unknown = text.length > memoryFileBytesMax ? undefined : JSON.parse(text);
    const documents = isPlainMap(parsed) ? parsed['documents'] : undefined;
    if (isPlainMap(documents)) return documents;
    log.warn({ path: file }, 'what documents remembered is damaged; they begin anew');
  } catch (err) {
    const isMissing = err instanceof Error && 'code' in err && err.code === 'ENOENT';
    if (!isMissing) log.warn({ path: file, err }, 'what documents remembered cannot be read; they begin anew');
  }
  return {};
}
