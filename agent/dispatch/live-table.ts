import type { Config } from '../config/config.ts';
import { FoundRows } from '../documents/found-rows.ts';
import type { ConfiguredRow } from '../documents/row.ts';
import { createTable, type DocumentTable, type Route } from './table.ts';

/** The table of the config that runs. It is exchanged as a whole; each of them is frozen. */
export class LiveTable implements DocumentTable {
  /** Goes over to the next config with the devices behind the documents. */
  readonly found = new FoundRows();
  #current: DocumentTable;

  constructor(config: Config) {
    this.#current = createTable(config, this.found);
  }

  use(config: Config): void {
    this.#current = createTable(config, this.found);
  }

  get rows(): readonly ConfiguredRow[] {
    return this.#current.rows;
  }

  get filters(): readonly string[] {
    return this.#current.filters;
  }

  get emergencyFilters(): readonly string[] {
    return this.#current.emergencyFilters;
  }

  routes(topic: string): readonly Route[] {
    return this.#current.routes(topic);
  }
}
