import type { Config } from '../config/config.ts';
import type { Row } from '../documents/row.ts';
import { createTable, type DocumentTable, type Route } from './table.ts';

/** The table of the config that runs. It is exchanged as a whole; each of them is frozen. */
export class LiveTable implements DocumentTable {
  #current: DocumentTable;

  constructor(config: Config) {
    this.#current = createTable(config);
  }

  use(config: Config): void {
    this.#current = createTable(config);
  }

  get rows(): readonly Row[] {
    return this.#current.rows;
  }

  get filters(): readonly string[] {
    return this.#current.filters;
  }

  routes(topic: string): readonly Route[] {
    return this.#current.routes(topic);
  }
}
