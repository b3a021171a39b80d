import type { GpioBackend } from '../../drivers/contract/digital.ts';
import { type DriverError, describeError, fail, type Result } from '../../drivers/contract/result.ts';
import type { Situation } from '../../drivers/safe-state.ts';
import { foundDocumentsMax } from '../../firmware-bridge/limits.ts';
import type { DocumentChange } from '../config/change/plan.ts';
import type { BoardDependencies } from './board-dependencies.ts';
import { groupOf, Interlocks } from './interlock.ts';
import type { Adopted, Child, DocumentSurroundings, Inheritance, OpenDocument } from './kind.ts';
import { exchangePatienceMs, startPatienceMs } from './limits.ts';
import { inOpeningOrder } from './opening-order.ts';
import { openPatience } from './patience.ts';
import { changingError, closedError, isMissing, lose, type Place, placeOf, reportsOf } from './place.ts';
import { createReopening, type Reopening } from './reopening.ts';
import { type ConfiguredRow, childRow, type Row } from './row.ts';

/** All documents of the board with their drivers. One that cannot be opened leaves the others alone. */
export class Board implements AsyncDisposable {
  #places = new Map<string, Place>(); // One per document of the config, and those found behind them.
  readonly #dependencies: BoardDependencies;
  readonly #gpio: Result<GpioBackend>;
  readonly #interlocks: Interlocks;
  readonly #reopening: Reopening;
  #isEnding = false;
  #isOnline: boolean | undefined;
  #patience: Promise<void> | undefined;

  private constructor(dependencies: BoardDependencies, gpio: Result<GpioBackend>, rows: readonly ConfiguredRow[]) {
    this.#dependencies = dependencies;
    this.#gpio = gpio;
    this.#interlocks = new Interlocks(dependencies.clock, rows, (name) => dependencies.guardOf?.(name).wentOff());
    const missing = () => [...this.#places.values()].filter(isMissing);
    this.#reopening = createReopening(dependencies.clock, missing, (place) => this.#reopen(place, place.row));
  }

  /** Opens every document in the order of the config, but those that lean on others after them. Takes ownership of the GPIO backend. */
  static async open(
    dependencies: BoardDependencies,
    gpio: Result<GpioBackend>,
    rows: readonly ConfiguredRow[],
  ): Promise<Board> {
    const board = new Board(dependencies, gpio, rows);
    const open = async (row: ConfiguredRow) => {
      const place = placeOf(row);
      board.#places.set(row.name, place);
      await board.#open(place, row);
    };
    const [early, late] = inOpeningOrder(rows);
    for (const row of early) await open(row);
    board.#interlocks.begin(); // Until here no member could go on.
    using patience = openPatience(dependencies.clock, startPatienceMs);
    board.#patience = patience.over;
    for (const row of late) await open(row);
    board.#reopening.resume();
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

  openDocuments(): readonly OpenDocument[] {
    return [...this.#places.values()].flatMap(({ document }) => (document.ok ? [document.value] : []));
  }

  /** Tells the outputs whether any broker can be reached: some of them have a state for when none can. */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    for (const document of this.openDocuments()) document.online?.(isOnline);
  }

  /** Brings an output into its safe state for this situation. */
  enter(name: string, situation: Situation): void {
    const document = this.document(name);
    if (document.ok) document.value.enter?.(situation);
  }

  reports(): ReturnType<typeof reportsOf> {
    return reportsOf(this.#places.values());
  }

  /**
   * Goes over to the rows of another config. Only what `changes` names is touched: all that is to be closed is closed
   * first, so that two documents can exchange their lines. Meanwhile commands to these documents are refused as busy.
   */
  async exchange(rows: readonly ConfiguredRow[], changes: readonly DocumentChange[]): Promise<void> {
    const reopening = this.#reopening.pause();
    if (reopening !== undefined) await reopening;
    const ordered = inOpeningOrder(rows).flat();
    const changeOf = new Map(changes.map(({ name, how }) => [name, how]));
    const before = [...this.#places.values()];
    this.#interlocks.use(rows);
    using patience = openPatience(this.#dependencies.clock, exchangePatienceMs);
    this.#patience = patience.over;
    for (const place of before.toReversed()) {
      const { name } = place.row;
      const change = changeOf.get(name);
      if (change !== 'removed' && change !== 'reopened') continue;
      await this.#close(place, changingError(name));
      for (const [child, { parent }] of [...this.#places]) if (parent === place) this.#abandon(child);
      if (change === 'removed') this.#dependencies.removed(name);
    }
    const known = new Map(before.map((place) => [place.row.name, place]));
    const found = [...this.#places].filter(([, { parent }]) => parent !== undefined);
    const configured = ordered.map((row) => [row.name, known.get(row.name) ?? placeOf(row)] as const);
    this.#places = new Map([...configured, ...found]);
    for (const row of ordered) await this.#goOver(row, changeOf.get(row.name));
    const mayBeOn = (name: string) => this.document(name).ok || this.#places.get(name)?.lost?.mayBeOn === true;
    this.#interlocks.settle(ordered.filter(({ name }) => mayBeOn(name)));
    this.#reopening.resume();
  }

  /** It is closed for good, and not for another config. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Closes in reverse order: what was opened last may lean on what was opened first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    await this.#reopening.pause();
    for (const place of [...this.#places.values()].reverse()) await this.#close(place, closedError(place.row.name));
    if (this.#gpio.ok) await this.#gpio.value[Symbol.asyncDispose]();
  }

  async #goOver(row: ConfiguredRow, change: DocumentChange['how'] | undefined): Promise<void> {
    const place = this.#places.get(row.name);
    if (place === undefined) return;
    place.row = row;
    if (change === undefined || change === 'relabelled') return;
    // In one turn with the opening, so that no other member of an interlock group comes in between.
    const inherited = change === 'ruled' && place.document.ok ? place.document.value.handOver?.() : undefined;
    if (inherited === undefined) await this.#close(place, changingError(row.name));
    else place.document = fail(changingError(row.name));
    await this.#open(place, row, inherited);
  }

  /** `error`: what it is from now on. */
  async #close(place: Place, error: DriverError): Promise<void> {
    const { document } = place;
    place.document = fail(error);
    if (document.ok) await document.value[Symbol.asyncDispose]();
  }

  async #open(place: Place, row: ConfiguredRow, inherited?: Inheritance): Promise<void> {
    if (inherited === undefined) place.trouble = undefined;
    if (inherited === undefined) place.safe = undefined;
    const document = await row.kind.open({ ...this.#surroundings(place), ...(inherited && { inherited }) });
    this.#take(place, document);
    if (!document.ok) this.#trouble(place, document.error);
  }

  /** As at the start; that it is still not there is told once. */
  async #reopen(place: Place, row: ConfiguredRow): Promise<void> {
    const { trouble, losses } = place;
    if ((losses.untilMs ?? 0) > this.#dependencies.clock.monotonicMs()) return;
    place.losses = { atMs: losses.atMs };
    const document = await row.kind.open(this.#surroundings(place));
    this.#take(place, document);
    if (!document.ok)
      return trouble?.detail === document.error.detail ? undefined : this.#trouble(place, document.error);
    const group = groupOf(row)?.group;
    if (group !== undefined) this.#interlocks.begin(group);
    if (place.trouble === trouble) this.#trouble(place, undefined); // Else it has failed again already.
  }

  #take(place: Place, document: Result<OpenDocument>): void {
    place.document = document;
    if (!document.ok) return;
    place.lost = undefined;
    if (this.#isOnline !== undefined) document.value.online?.(this.#isOnline);
    this.#lookForLoss(place);
  }

  /** From here on commands fail at once, until it is found again. */
  #lookForLoss(place: Place): void {
    const gone = lose(place, this.#dependencies.clock.monotonicMs());
    if (gone !== undefined) this.#reopening.lost(gone);
  }

  #surroundings(place: Place): DocumentSurroundings {
    const { memoryOf, changed, happened, guardOf } = this.#dependencies;
    const { row, lost } = place;
    const { name } = row;
    const interlock = this.#interlocks.group(groupOf(row)?.group);
    return {
      ...this.#dependencies,
      name,
      gpio: this.#gpio,
      memory: memoryOf(name),
      ...(interlock === undefined ? {} : { interlock }),
      ...(this.#patience && { patience: this.#patience }),
      ...(lost?.isOffOwed && { isOffOwed: true }),
      neighbour: (other) => this.document(other),
      changed: (value) => changed(name, value),
      happened: (value, ageMs) => happened(name, value, ageMs),
      troubled: (error) => this.#trouble(place, error),
      safe: (why) => this.#safe(place, why),
      ...(guardOf && { guard: guardOf(name) }),
      adopt: (child) => this.#adopt(place, child),
    };
  }

  #adopt(parent: Place, child: Child): Adopted | undefined {
    const { found, changed, happened } = this.#dependencies;
    const { name } = child;
    if (this.#places.has(name) || found.all().length >= foundDocumentsMax) return undefined;
    const rows = [...this.#places.values()].map(({ row }) => row);
    const row = childRow(child, (number) => rows.some(({ config }) => config.number === number));
    const place: Place = { ...placeOf(row), document: { ok: true, value: child.document }, parent };
    this.#places.set(name, place);
    found.add(row);
    const isHere = () => this.#places.get(name) === place;
    return {
      changed: (value) => void (isHere() && changed(name, value)),
      happened: (value, ageMs) => void (isHere() && happened(name, value, ageMs)),
      [Symbol.dispose]: () => void (isHere() && this.#abandon(name)),
    };
  }

  #abandon(name: string): void {
    this.#places.delete(name);
    this.#dependencies.found.remove(name);
    this.#dependencies.removed(name);
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
      this.#lookForLoss(place);
    }
    troubleChanged();
  }
}
