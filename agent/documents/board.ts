import type { GpioBackend } from '../../drivers/contract/digital.ts';
import { type DriverError, describeError, fail, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import type { Value } from '../qn/message.ts';
import type { DocumentSurroundings, OpenDocument } from './kind.ts';
import type { Row } from './row.ts';

/** How the driver of one document is doing. */
export interface DriverReport {
  readonly document: string;
  readonly driver: string;
  readonly state: 'working' | 'failed';
  readonly error?: string;
  readonly errorCount: number;
}

export interface BoardDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly random: () => number;
  readonly openBytePort: DocumentSurroundings['openBytePort'];
  /** A document has this value now. */
  changed(document: string, value: Value): void;
  /** Something happened that is not a state. */
  happened(document: string, value: Value): void;
  /** A driver failed or works again: health wants to know. */
  troubleChanged(): void;
}

interface Place {
  readonly row: Row;
  document: Result<OpenDocument>;
  trouble: DriverError | undefined;
  errorCount: number;
}

/** All documents of the board with their drivers. One that cannot be opened leaves the others alone. */
export class Board implements AsyncDisposable {
  readonly #places = new Map<string, Place>(); // One per document of the config.
  readonly #dependencies: BoardDependencies;
  readonly #gpio: Result<GpioBackend>;

  private constructor(dependencies: BoardDependencies, gpio: Result<GpioBackend>) {
    this.#dependencies = dependencies;
    this.#gpio = gpio;
  }

  /** Opens every document in the order of the config, those on a bus last. Takes ownership of the GPIO backend. */
  static async open(dependencies: BoardDependencies, gpio: Result<GpioBackend>, rows: readonly Row[]): Promise<Board> {
    const board = new Board(dependencies, gpio);
    for (const row of rows.toSorted(busFirst)) await board.#open(row);
    return board;
  }

  /** The open document, or why there is none. */
  document(name: string): Result<OpenDocument> {
    return this.#places.get(name)?.document ?? fail(closedError(name));
  }

  reports(): readonly DriverReport[] {
    return [...this.#places.values()].map(({ row, trouble, errorCount }) => ({
      document: row.name,
      driver: row.config.driver,
      state: trouble === undefined ? 'working' : 'failed',
      ...(trouble === undefined ? {} : { error: describeError(trouble) }),
      errorCount,
    }));
  }

  /** Closes in reverse order: what was opened last may lean on what was opened first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of [...this.#places.values()].reverse()) {
      const { document } = place;
      place.document = fail(closedError(place.row.name));
      if (document.ok) await document.value[Symbol.asyncDispose]();
    }
    if (this.#gpio.ok) await this.#gpio.value[Symbol.asyncDispose]();
  }

  async #open(row: Row): Promise<void> {
    const place: Place = { row, document: fail(closedError(row.name)), trouble: undefined, errorCount: 0 };
    this.#places.set(row.name, place);
    place.document = await row.kind.open(this.#surroundings(place));
    if (!place.document.ok) this.#trouble(place, place.document.error);
  }

  #surroundings(place: Place): DocumentSurroundings {
    const { clock, log, pool, random, openBytePort, changed, happened } = this.#dependencies;
    const { name } = place.row;
    return {
      clock,
      log,
      pool,
      gpio: this.#gpio,
      random,
      openBytePort,
      neighbour: (other) => this.document(other),
      changed: (value) => changed(name, value),
      happened: (value) => happened(name, value),
      troubled: (error) => this.#trouble(place, error),
    };
  }

  #trouble(place: Place, error: DriverError | undefined): void {
    const { log, troubleChanged } = this.#dependencies;
    place.trouble = error;
    if (error !== undefined) {
      place.errorCount += 1;
      log.warn({ document: place.row.name, kind: error.kind, err: error.cause }, describeError(error));
    }
    troubleChanged();
  }
}

/** What is on a bus cannot be opened before it. */
function busFirst(left: Row, right: Row): number {
  return Number('bus' in left.config) - Number('bus' in right.config);
}

function closedError(name: string): DriverError {
  return { kind: 'closed', operation: 'use', resource: name, detail: 'the document is not open' };
}
