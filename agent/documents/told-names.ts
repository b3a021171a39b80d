import { toldNamesMax } from './limits.ts';
import type { Memory } from './memory-file.ts';
import type { Row } from './row.ts';

/** Documents of the agent itself. */
const own: ReadonlySet<string> = new Set(['channels', 'config', 'log', 'selftest']);

/** No document has this name. */
export const toldKey = '*';

/**
 * Names of documents whose state a broker may retain, also from lives before: one that is in the config no more would be
 * taken for one whose value holds.
 */
export class ToldNames {
  readonly #memory: Memory;
  readonly #rows: () => readonly Row[];
  readonly #names: Set<string>; // The oldest first. Over toldNamesMax: forget the oldest.

  constructor(memory: Memory, rows: () => readonly Row[]) {
    const recalled = memory.recall();
    this.#memory = memory;
    this.#rows = rows;
    this.#names = new Set(Array.isArray(recalled) ? recalled.map(String) : []);
    memory.keep(() => [...this.#names]);
    for (const { name } of rows()) this.add(name); // All of them in the first write.
  }

  add(name: string): void {
    if (own.has(name) || this.#names.has(name)) return;
    const [oldest = ''] = this.#names;
    if (this.#names.size >= toldNamesMax) this.#names.delete(oldest);
    this.#names.add(name);
    this.#memory.touch();
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Those that no document has. The channels of a microcontroller may be there before it tells them. */
  gone(): readonly string[] {
    const rows = this.#rows();
    const names = new Set(rows.map(({ name }) => name));
    const above = rows.flatMap(({ name, config }) => (config.driver === 'mcu' ? [`${name}.`] : []));
    const isThere = (name: string) => names.has(name) || above.some((prefix) => name.startsWith(prefix));
    return [...this.#names].filter((name) => !isThere(name));
  }
}
