import type { TroubleKind } from './error.ts';
import type { JournalRow, Loaded, StoredMessage, Write } from './rows.ts';

/** What outlives a crash, in memory, with knobs for bad weather. */
export class Platter {
  /** Every call fails with it until it is undefined again. `corrupt` costs all rows at the next opening. */
  trouble: TroubleKind | undefined;
  /** What a failing commit wrote is there all the same, as after a sync that failed too late. */
  keepsWhatFailed = false;
  /** What a commit and a read take, on the clock of the store. */
  latencyMs = 0;
  /** Counts crashes: a disk from before the last one gives no answer any more. */
  era = 0;
  readonly #journal = new Map<number, JournalRow>();
  readonly #outbox = new Map<number, { readonly message: StoredMessage; readonly costBytes: number }>();
  readonly #dropped = new Map<string, number>();
  readonly #values = new Map<string, string>();
  #unwritten: readonly Write[] = [];

  /**
   * The power fails. Open stores on it hang: drop them. What is being committed is lost, or with `kept` it is there
   * though nobody was told: both happen to real disks.
   */
  crash(commit: 'lost' | 'kept'): void {
    this.era += 1;
    if (commit === 'kept') for (const write of this.#unwritten) this.#apply(write);
    this.#unwritten = [];
  }

  begin(writes: readonly Write[]): void {
    this.#unwritten = writes;
  }

  commit(): void {
    for (const write of this.#unwritten) this.#apply(write);
    this.#unwritten = [];
  }

  wipe(): void {
    for (const rows of [this.#journal, this.#outbox, this.#dropped, this.#values]) rows.clear();
  }

  load(): Loaded {
    return {
      journal: byKey(this.#journal),
      outbox: byKey(this.#outbox).map(({ message: { sequence, document, policy }, costBytes }) => ({
        sequence,
        document,
        policy,
        costBytes,
      })),
      dropped: new Map(this.#dropped),
      values: [...this.#values].map(([key, text]) => ({ key, text })),
    };
  }

  messagesAfter(sequence: number): readonly { readonly message: StoredMessage; readonly costBytes: number }[] {
    return byKey(this.#outbox).filter(({ message }) => message.sequence > sequence);
  }

  #apply(write: Write): void {
    switch (write.kind) {
      case 'journal-put':
        this.#journal.set(write.row.ordinal, write.row);
        return;
      case 'journal-status': {
        const row = this.#journal.get(write.ordinal);
        if (row !== undefined) this.#journal.set(row.ordinal, { ...row, status: write.status, deaths: write.deaths });
        return;
      }
      case 'journal-remove':
        this.#journal.delete(write.ordinal);
        return;
      case 'outbox-put':
        this.#outbox.set(write.message.sequence, write);
        return;
      case 'outbox-remove':
        this.#outbox.delete(write.sequence);
        return;
      case 'outbox-dropped':
        this.#dropped.set(write.document, write.count);
        return;
      case 'value-put':
        this.#values.set(write.key, write.text);
    }
  }
}

/** A database has its rows by key, however they came. */
function byKey<Row>(rows: ReadonlyMap<number, Row>): readonly Row[] {
  return [...rows].toSorted(([left], [right]) => left - right).map(([, row]) => row);
}
