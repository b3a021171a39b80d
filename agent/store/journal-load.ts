import { isUnderWay, type JournalIndex } from './journal-index.ts';
import type { StoreLimits } from './limits.ts';
import type { JournalRow, Write } from './rows.ts';
import type { Interrupted } from './store.ts';

export interface TakenOver {
  /** What the disk lacks. */
  readonly owed: readonly Write[];
  readonly interrupted: readonly Interrupted[];
}

/**
 * Joins the index and the rows on the disk. The first time the index is empty and takes them over, and what was under
 * way died with the last process. Later, after trouble, the index is right: what began and was told so is in it, and what
 * the disk has beyond it was never told to have begun.
 */
export function takeOver(
  index: JournalIndex,
  rows: readonly JournalRow[],
  limits: StoreLimits,
  isFirst: boolean,
): TakenOver {
  const interrupted = isFirst ? rows.flatMap((row) => takeIn(index, row, limits)) : [];
  const onDisk = new Map(rows.map((row) => [row.ordinal, row]));
  const owed: Write[] = [];
  for (const { row } of index) {
    const known = onDisk.get(row.ordinal);
    onDisk.delete(row.ordinal);
    if (known === undefined || !isSame(row, known)) owed.push({ kind: 'journal-put', row });
  }
  for (const ordinal of onDisk.keys()) owed.push({ kind: 'journal-remove', ordinal });
  return { owed, interrupted };
}

function takeIn(index: JournalIndex, row: JournalRow, { journalDeathsMax }: StoreLimits): readonly Interrupted[] {
  const overdue = index.overdue() ?? []; // The window may be smaller than in the run before.
  for (const entry of overdue) index.remove(entry);
  const { status, body, ...rest } = row;
  if (!isUnderWay(status)) {
    index.add(row);
    return [];
  }
  const deaths = row.deaths + 1;
  const isGivenUp = deaths >= journalDeathsMax;
  if (isGivenUp) index.add({ ...rest, deaths, status: 'failed', reason: 'interrupted' });
  else index.add({ ...row, deaths });
  const { source, id, document, bootId, atMs } = rest;
  const verdict = isGivenUp ? 'state-loop' : 'interrupted';
  const copy = body === undefined ? {} : { body };
  return [{ source, id, document, bootId, atMs, status, deaths, verdict, ...copy }];
}

function isSame(left: JournalRow, right: JournalRow): boolean {
  return left.status === right.status && left.reason === right.reason && left.deaths === right.deaths;
}
