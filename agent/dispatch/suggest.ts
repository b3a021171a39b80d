import type { Clock } from '../clock.ts';
import { nearestName } from '../config/nearest.ts';
import { suggestionPauseMs } from './limits.ts';
import { type DocumentTable, ownDocuments } from './table.ts';

/** The document that was most likely meant; undefined where none is like it, and while it was looked for a moment ago. */
export type Suggest = (document: string) => string | undefined;

export function createSuggest(
  clock: Pick<Clock, 'monotonicMs'>,
  table: Pick<DocumentTable, 'rows' | 'found'>,
): Suggest {
  let nextMs = -Infinity;
  return (document) => {
    const nowMs = clock.monotonicMs();
    if (nowMs < nextMs) return undefined;
    nextMs = nowMs + suggestionPauseMs;
    const known = [...table.rows, ...table.found.all()].map(({ name }) => name);
    return nearestName(document, [...known, ...ownDocuments]);
  };
}
