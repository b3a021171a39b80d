import type { StoredMessage } from '../store/rows.ts';
import type { StoredOutbox } from '../store/store.ts';
import type { Held, Place } from './durable-message.ts';
import type { Outbox } from './outbox.ts';

/** Of the events of some documents only the latest waits (QN-5.2b); what an earlier life left counts as well. */
export class LatestOnly {
  readonly #outbox: Outbox;
  readonly #stored: StoredOutbox | undefined;
  readonly #newest = new Map<string, Place>(); // One per document of the config at most.

  constructor(outbox: Outbox, stored: StoredOutbox | undefined) {
    this.#outbox = outbox;
    this.#stored = stored;
  }

  /** This one is the newest of its document. Those that need not wait any more; what is on its way is none of them. */
  replace({ message: { document }, at }: Held, held: ReadonlySet<Held>): readonly Place[] {
    const before = this.#newest.get(document);
    this.#newest.set(document, at);
    const inMemory = [...held].filter(({ message }) => message.document === document && message.waits === 'latest');
    const isWaiting = ({ onEnd }: Place) => onEnd === undefined || this.#outbox.withdraw(onEnd);
    const outdated = inMemory.map(({ at: place }) => place).filter(isWaiting);
    const known = new Set(inMemory.map(({ at: { sequence } }) => sequence));
    const rest = (this.#stored?.latestOf(document) ?? []).filter((sequence) => !known.has(sequence));
    return [...outdated, ...rest.map((sequence) => (before?.sequence === sequence ? before : { sequence }))];
  }

  /** A row that waits although there is a newer one. */
  isOutdated({ policy, document, sequence }: StoredMessage): boolean {
    return policy === 'latest' && this.#stored?.latestOf(document).at(-1) !== sequence;
  }
}
