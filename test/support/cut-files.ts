import type { FileSystem } from '../../agent/config/generations/file-system.ts';

/** Power that fails at one operation of the disk. */
export class PowerCut extends Error {}

/**
 * A disk in memory. Each operation is durable when it resolves; the one at which the power fails took effect or not, as
 * the test says, and nothing works afterwards.
 */
export class CutFiles implements FileSystem {
  readonly contents: Map<string, string>;
  readonly operations: string[] = [];
  readonly #cutAt: number;
  readonly #tookEffect: boolean;

  constructor(contents: ReadonlyMap<string, string>, cutAt = Number.POSITIVE_INFINITY, tookEffect = false) {
    this.contents = new Map(contents);
    this.#cutAt = cutAt;
    this.#tookEffect = tookEffect;
  }

  async read(file: string): Promise<string | undefined> {
    return this.contents.get(file);
  }

  replace(file: string, text: string): Promise<void> {
    return this.#operate(`replace ${file}`, () => void this.contents.set(file, text));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operate(`rename ${from} ${to}`, () => {
      const text = this.contents.get(from);
      if (text === undefined) throw new Error(`no such file: ${from}`);
      this.contents.delete(from);
      this.contents.set(to, text);
    });
  }

  remove(file: string): Promise<void> {
    return this.#operate(`remove ${file}`, () => void this.contents.delete(file));
  }

  async #operate(name: string, act: () => void): Promise<void> {
    this.operations.push(name);
    const isCut = this.operations.length - 1 >= this.#cutAt;
    const isFirst = this.operations.length - 1 === this.#cutAt;
    if (!isCut || (isFirst && this.#tookEffect)) act();
    if (isCut) throw new PowerCut(name);
  }
}
