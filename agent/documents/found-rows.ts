import type { Row } from './row.ts';

/**
 * Documents that are not in the config: the board adds them when a device behind another document tells of them, and
 * takes them away again. At most as many as the board lets in.
 */
export class FoundRows {
  readonly #rows = new Map<string, Row>();
  #onChange: () => void = () => {};

  get(name: string): Row | undefined {
    return this.#rows.get(name);
  }

  all(): readonly Row[] {
    return [...this.#rows.values()];
  }

  add(row: Row): void {
    this.#rows.set(row.name, row);
    this.#onChange();
  }

  remove(name: string): void {
    if (this.#rows.delete(name)) this.#onChange();
  }

  /** One listener; it must not throw. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }
}
