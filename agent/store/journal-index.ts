import type { Clock } from '../clock.ts';
import { journalFilterCountersPerEntry } from '../limits.ts';
import type { Status } from '../qn/reason.ts';
import { CountingFilter } from './counting-filter.ts';
import type { StoreLimits } from './limits.ts';
import type { JournalRow } from './rows.ts';
import type { CommandKey } from './store.ts';

export interface Entry {
  row: JournalRow;
  /** Monotonic; of the load for those from an earlier run. */
  readonly sinceMs: number;
}

/**
 * The journal's window in memory: a filter in front, the exact set behind, both with a bound. Insertion order is age.
 * What is under way is never forgotten.
 */
export class JournalIndex {
  readonly #clock: Clock;
  readonly #limits: StoreLimits;
  readonly #filter: CountingFilter;
  readonly #entries = new Map<string, Entry>();
  #bodyBytes = 0;

  constructor(clock: Clock, limits: StoreLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#filter = new CountingFilter(limits.journalCountMax * journalFilterCountersPerEntry);
  }

  get count(): number {
    return this.#entries.size;
  }

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  find(command: CommandKey): Entry | undefined {
    const key = keyOf(command);
    return this.#filter.mayHave(key) ? this.#entries.get(key) : undefined;
  }

  add(row: JournalRow): void {
    const key = keyOf(row);
    this.#filter.add(key);
    this.#entries.set(key, { row, sinceMs: this.#clock.monotonicMs() });
    this.#bodyBytes += row.body?.byteLength ?? 0;
  }

  replace(entry: Entry, row: JournalRow): void {
    this.#bodyBytes += (row.body?.byteLength ?? 0) - (entry.row.body?.byteLength ?? 0);
    entry.row = row;
  }

  remove({ row }: Entry): void {
    const key = keyOf(row);
    if (!this.#entries.delete(key)) return;
    this.#filter.remove(key);
    this.#bodyBytes -= row.body?.byteLength ?? 0;
  }

  /** Those that are to be forgotten so that one more fits; undefined when it cannot fit. */
  overdue(): readonly Entry[] | undefined {
    const { journalAgeMsMax, journalCountMax } = this.#limits;
    const untilMs = this.#clock.monotonicMs() - journalAgeMsMax;
    let excess = this.#entries.size + 1 - journalCountMax;
    const overdue: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (excess <= 0 && entry.sinceMs > untilMs) break; // Those behind it are younger still.
      if (isUnderWay(entry.row.status)) continue;
      overdue.push(entry);
      excess -= 1;
    }
    return excess > 0 ? undefined : overdue;
  }

  [Symbol.iterator](): MapIterator<Entry> {
    return this.#entries.values();
  }
}

export function isUnderWay(status: Status): status is 'accepted' | 'executing' {
  return status === 'accepted' || status === 'executing';
}

function keyOf({ source, id, document }: CommandKey): string {
  return `${document} ${id} ${source}`;
}
