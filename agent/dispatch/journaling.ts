import type { Clock } from '../clock.ts';
import type { Effect } from '../documents/kind.ts';
import type { Log } from '../log.ts';
import type { Notify } from '../qn/message.ts';
import type { StoreError } from '../store/error.ts';
import type { CommandKey, Journal } from '../store/store.ts';
import type { Outcome } from './recent.ts';

/** One command that is in the journal. */
export interface Journaled {
  /** Durable: it began, and now it acts. Without a disk that works it goes on all the same, and the log says so. */
  act(): Promise<void>;
  /** Call it in the turn in which the ack is said: both are in one commit then, or neither. */
  end(outcome: Outcome): void;
  /** It had no effect. */
  forget(): void;
}

export interface Journaling {
  /** How a command ended, in this life of the agent or an earlier one. */
  find(document: string, message: Notify): Outcome | 'under-way' | undefined;
  /** undefined: doing it twice is no harm, or nobody can tell it from another one. */
  open(document: string, message: Notify, effect: Effect): Journaled | undefined;
}

export interface JournalingDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: exactly-once holds for as long as the agent lives. */
  readonly journal: Journal | undefined;
  readonly boot: bigint;
}

/** Exactly-once effect for what must not be done twice (QN-4.2). */
export function createJournaling({ clock, log, journal, boot }: JournalingDependencies): Journaling {
  const tellTrouble = (result: { readonly ok: boolean; readonly error?: StoreError }) => {
    if (!result.ok) log.warn({ detail: result.error?.detail }, 'a command could not be journaled');
  };
  const ending = new Set<string>(); // As many as the store takes at a time.
  return {
    find(document, message) {
      const key = keyOf(document, message);
      if (key === undefined) return undefined;
      // What is not durable yet must not be told: after a crash in between it would have another end.
      return ending.has(textOf(key)) ? 'under-way' : journal?.find(key);
    },
    open(document, message, effect) {
      const key = keyOf(document, message);
      if (journal === undefined || key === undefined || !isOnce(effect)) return undefined;
      const began = journal.begin({ ...key, bootId: boot, atMs: clock.wallMs() }).then((result) => {
        tellTrouble(result);
        return result.ok;
      });
      return {
        async act() {
          if (await began) tellTrouble(await journal.execute(key));
        },
        end(outcome) {
          // Not when it could not begin: then the journal does not know it.
          if (journal.find(key) !== 'under-way') return;
          ending.add(textOf(key));
          void journal.end(key, outcome).then((result) => {
            ending.delete(textOf(key));
            tellTrouble(result);
          });
        },
        forget: () => void began.then((isIn) => (isIn ? journal.forget(key).then(tellTrouble) : undefined)),
      };
    },
  };
}

/** A command without id is executed once per delivery, and no delivery comes twice over a clean session. */
function keyOf(document: string, { src = '', id }: Notify): CommandKey | undefined {
  return id === undefined ? undefined : { source: src, id, document };
}

function textOf({ source, id, document }: CommandKey): string {
  return `${source} ${id} ${document}`;
}

/** QN-4.2 */
function isOnce(effect: Effect): boolean {
  return effect.do === 'write' || ('once' in effect && effect.once);
}
