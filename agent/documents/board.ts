import type { GpioBackend } from '../../drivers/contract/digital.ts';
import type { PwmBackend } from '../../drivers/contract/pwm.ts';
import { type DriverError, describeError, fail, type Result } from '../../drivers/contract/result.ts';
import type { Situation } from '../../drivers/safe-state.ts';
import type { Clock } from '../clock.ts';
import type { DocumentChange } from '../config/change/plan.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import type { Value } from '../qn/message.ts';
import { Interlocks } from './interlock.ts';
import type { DocumentSurroundings, Inheritance, OpenDocument } from './kind.ts';
import type { Memory } from './memory-file.ts';
import type { Row } from './row.ts';

/** How the driver of one document is doing. */
export interface DriverReport {
  readonly document: string;
  readonly driver: string;
  readonly state: 'working' | 'failed';
  readonly error?: string;
  readonly errorCount: number;
  /** It is in a safe state because of this, until somebody commands again. */
  readonly safe?: string;
}

export interface BoardDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly random: () => number;
  readonly openBytePort: DocumentSurroundings['openBytePort'];
  readonly pwm: PwmBackend;
  /** What a document remembers over a restart. */
  memoryOf(document: string): Memory;
  /** A document has this value now. */
  changed(document: string, value: Value): void;
  /** There is no such document any more. */
  removed(document: string): void;
  /** Something happened that is not a state. */
  happened(document: string, value: Value): void;
  /** A driver failed or works again, or an output went to a safe state: health wants to know. */
  troubleChanged(): void;
}

interface Place {
  row: Row;
  document: Result<OpenDocument>;
  trouble: DriverError | undefined;
  safe: string | undefined;
  errorCount: number;
}

/** All documents of the board with their drivers. One that cannot be opened leaves the others alone. */
export class Board implements AsyncDisposable {
  #places = new Map<string, Place>(); // One per document of the config.
  readonly #dependencies: BoardDependencies;
  readonly #gpio: Result<GpioBackend>;
  readonly #interlocks: Interlocks;
  #isOnline: boolean | undefined;

  private constructor(dependencies: BoardDependencies, gpio: Result<GpioBackend>, rows: readonly Row[]) {
    this.#dependencies = dependencies;
    this.#gpio = gpio;
    this.#interlocks = new Interlocks(dependencies.clock, rows);
  }

  /** Opens every document in the order of the config, those on a bus last. Takes ownership of the GPIO backend. */
  static async open(dependencies: BoardDependencies, gpio: Result<GpioBackend>, rows: readonly Row[]): Promise<Board> {
    const board = new Board(dependencies, gpio, rows);
    for (const row of rows.toSorted(busFirst)) {
      const place = placeOf(row);
      board.#places.set(row.name, place);
      await board.#open(place);
    }
    return board;
  }

  /** As the config has it now. */
  row(name: string): Row | undefined {
    return this.#places.get(name)?.row;
  }

  /** The open document, or why there is none. */
  document(name: string): Result<OpenDocument> {
    return this.#places.get(name)?.document ?? fail(closedError(name));
  }

  /** Tells the outputs whether any broker can be reached: some of them have a state for when none can. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    for (const { document } of this.#places.values()) if (document.ok) document.value.online?.(isOnline);
  }

  /** Brings an output into its safe state for this situation. */
  enter(name: string, situation: Situation): void {
    const document = this.document(name);
    if (document.ok) document.value.enter?.(situation);
  }

  reports(): readonly DriverReport[] {
    return [...this.#places.values()].map(({ row, trouble, errorCount, safe }) => ({
      document: row.name,
      driver: row.config.driver,
      state: trouble === undefined ? 'working' : 'failed',
      ...(trouble === undefined ? {} : { error: describeError(trouble) }),
      errorCount,
      ...(safe === undefined ? {} : { safe }),
    }));
  }

  /**
   * Goes over to the rows of another config. Only what `changes` names is touched: all that is to be closed is closed
   * first, so that two documents can exchange their lines. Meanwhile commands to these documents are refused as busy.
   */
  async exchange(rows: readonly Row[], changes: readonly DocumentChange[]): Promise<void> {
    const ordered = rows.toSorted(busFirst);
    const changeOf = new Map(changes.map(({ name, how }) => [name, how]));
    const before = [...this.#places.values()];
    this.#interlocks.use(rows);
    for (const place of before.toReversed()) {
      const { name } = place.row;
      const change = changeOf.get(name);
      if (change === 'removed' || change === 'reopened') await this.#close(place, changingError(name));
      if (change === 'removed') this.#dependencies.removed(name);
    }
    const known = new Map(before.map((place) => [place.row.name, place]));
    this.#places = new Map(ordered.map((row) => [row.name, known.get(row.name) ?? placeOf(row)]));
    for (const row of ordered) await this.#goOver(row, changeOf.get(row.name));
  }

  /** Closes in reverse order: what was opened last may lean on what was opened first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of [...this.#places.values()].reverse()) await this.#close(place, closedError(place.row.name));
    if (this.#gpio.ok) await this.#gpio.value[Symbol.asyncDispose]();
  }

  async #goOver(row: Row, change: DocumentChange['how'] | undefined): Promise<void> {
    const place = this.#places.get(row.name);
    if (place === undefined) return;
    place.row = row;
    if (change === undefined || change === 'relabelled') return;
    const { document } = place;
    // In one turn with the opening, so that no other member of an interlock group comes in between.
    const inherited = change === 'ruled' && document.ok ? document.value.handOver?.() : undefined;
    if (inherited === undefined) await this.#close(place, changingError(row.name));
    else place.document = fail(changingError(row.name));
    await this.#open(place, inherited);
  }

  /** `error`: what it is from now on. */
  async #close(place: Place, error: DriverError): Promise<void> {
    const { document } = place;
    place.document = fail(error);
    if (document.ok) await document.value[Symbol.asyncDispose]();
  }

  async #open(place: Place, inherited?: Inheritance): Promise<void> {
    if (inherited === undefined) place.trouble = undefined;
    if (inherited === undefined) place.safe = undefined;
    const document = await place.row.kind.open({ ...this.#surroundings(place), ...(inherited && { inherited }) });
    place.document = document;
    if (!document.ok) this.#trouble(place, document.error);
    else if (this.#isOnline !== undefined) document.value.online?.(this.#isOnline);
  }

  #surroundings(place: Place): DocumentSurroundings {
    const { clock, log, pool, random, openBytePort, pwm, memoryOf, changed, happened } = this.#dependencies;
    const { name, config } = place.row;
    const group = config.driver === 'gpio-out' ? config.interlock?.group : undefined;
    const interlock = group === undefined ? undefined : this.#interlocks.group(group);
    return {
      name,
      clock,
      log,
      pool,
      gpio: this.#gpio,
      pwm,
      memory: memoryOf(name),
      ...(interlock === undefined ? {} : { interlock }),
      random,
      openBytePort,
      neighbour: (other) => this.document(other),
      changed: (value) => changed(name, value),
      happened: (value) => happened(name, value),
      troubled: (error) => this.#trouble(place, error),
      safe: (why) => this.#safe(place, why),
    };
  }

  #safe(place: Place, why: string | undefined): void {
    if (place.safe === why) return;
    const { log, troubleChanged } = this.#dependencies;
    place.safe = why;
    if (why !== undefined) log.warn({ document: place.row.name, why }, 'output is in its safe state');
    troubleChanged();
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

function placeOf(row: Row): Place {
  return { row, document: fail(closedError(row.name)), trouble: undefined, safe: undefined, errorCount: 0 };
}

/** What is on a bus cannot be opened before it. */
function busFirst(left: Row, right: Row): number {
  return Number('bus' in left.config) - Number('bus' in right.config);
}

function changingError(name: string): DriverError {
  const detail = 'its config is being changed at this moment';
  return { kind: 'busy', operation: 'use', resource: name, detail, fix: 'send it again' };
}

function closedError(name: string): DriverError {
  return { kind: 'closed', operation: 'use', resource: name, detail: 'the document is not open' };
}
