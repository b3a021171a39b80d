import type { Row } from './row.ts';

/**
 * Documents that are not in the config: the board adds them when a device behind another document tells of them, and
 * takes them away again. At most as many as the board lets in.
 */
export class FoundRows {
  readonly #rows = new Map<string, Row>();
  readonly #listeners: (() => void)[] = []; // Of the start: few.

  get(name: string): Row | undefined {
    return this.#rows.get(name);
  }

  all(): readonly Row[] {
    return [...this.#rows.values()];
  }

  add(row: Row): void {
    this.#rows.set(row.name, row);
    this.#tell();
  }

  remove(name: string): void {
    if (this.#rows.delete(name)) this.#tell();
  }

  /** For good; a listener must not throw. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
