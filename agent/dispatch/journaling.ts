import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import { type JournalConfig, journalDefault } from '../config/config.ts';
import type { Effect } from '../documents/kind.ts';
import type { Row } from '../documents/row.ts';
import type { Log } from '../log.ts';
import type { Notify } from '../qn/message.ts';
import type { Reason, Refusal } from '../qn/reason.ts';
import type { StoreError } from '../store/error.ts';
import type { CommandKey, Store } from '../store/store.ts';
import type { Outcome } from './recent.ts';

/** One command that is in the journal. */
export interface Journaled {
  /** Resolves when it is durable that it began, or when that failed. */
  readonly began: Promise<void>;
  /** ok when it is durable that it acts. Else nothing was done, unless its document says `act`: then it is ok all the same. */
  act(): Promise<Result<void, Refusal>>;
  /** Call it in the turn in which the ack is said: both are in one commit then, or neither. */
  end(outcome: Outcome): void;
  /** It had no effect. */
  forget(): void;
}

export interface Journaling {
  /** False: `find` knows nothing of any command. */
  readonly mayKnowAny: boolean;
  /** How a command ended, in this life of the agent or an earlier one. */
  find(document: string, message: Notify): Outcome | 'under-way' | undefined;
  /**
   * undefined: doing it twice is no harm, nobody can tell it from another one, or it is an emergency, which waits for no disk. A refusal: it ought to be journaled, and
   * cannot be. `keep`: what is needed to answer or resume it after a restart.
   */
  open(
    row: Row,
    message: Notify,
    effect: Effect,
    keep: () => Uint8Array | undefined,
  ): Result<Journaled | undefined, Refusal>;
  /** One that an earlier life left behind; `isBegun`: as executing. */
  reopen(key: CommandKey, isBegun: boolean): Journaled;
}

export interface JournalingDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: it did not open. */
  readonly store: Store | undefined;
  /** This agent was never to have one: exactly-once holds for as long as it lives. */
  readonly isStoreless: boolean;
  readonly boot: bigint;
}

/** Exactly-once effect for what must not be done twice (QN-4.2). */
export function createJournaling(dependencies: JournalingDependencies): Journaling {
  const { clock, log, store, isStoreless, boot } = dependencies;
  const journal = store?.journal;
  const tellTrouble = (result: Result<unknown, StoreError>) => {
    if (!result.ok) log.warn({ detail: result.error.detail }, 'a command could not be journaled');
  };
  const ending = new Set<string>(); // As many as the journal remembers.

  function end(key: CommandKey, outcome: Outcome): void {
    // Not when it could not begin: then the journal does not know it.
    if (journal?.find(key) !== 'under-way') return;
    ending.add(textOf(key));
    void journal.end(key, outcome).then((result) => {
      ending.delete(textOf(key));
      tellTrouble(result);
    });
  }

  /** `began`: undefined when that is durable already. Both in one commit where they meet. */
  async function act(key: CommandKey, without: JournalConfig['without'], began?: Promise<Result<unknown, StoreError>>) {
    const executing = journal?.find(key) === 'under-way' ? journal.execute(key) : undefined;
    const written = [await began, await executing];
    const failed = written.find((result) => result?.ok === false);
    if (failed === undefined || failed.ok) return ok();
    tellTrouble(failed);
    return without === 'act' ? ok() : fail(refusalOf(failed.error));
  }

  return {
    get mayKnowAny() {
      return ending.size > 0 || (journal !== undefined && journal.count > 0);
    },
    find(document, message) {
      const key = keyOf(document, message);
      if (key === undefined) return undefined;
      // What is not durable yet must not be told: after a crash in between it would have another end.
      return ending.has(textOf(key)) ? 'under-way' : journal?.find(key);
    },
    open(row, message, effect, keep) {
      const rules = row.config.journal ?? journalDefault;
      const key = keyOf(row.name, message);
      if (key === undefined || isStoreless || !(rules.once ?? (isOnce(effect) && !row.isEmergency)))
        return ok(undefined);
      if (journal === undefined || store?.state !== 'working') {
        return rules.without === 'act'
          ? ok(undefined)
          : fail(notDurable('the disk of the agent does not work just now'));
      }
      const body = keep();
      const copy = body === undefined ? {} : { body };
      const began = journal.begin({ ...key, bootId: boot, atMs: clock.wallMs(), ...copy });
      return ok({
        began: began.then(() => {}),
        act: () => act(key, rules.without, began),
        end: (outcome) => end(key, outcome),
        forget: () => void began.then(({ ok: isIn }) => (isIn ? journal.forget(key).then(tellTrouble) : undefined)),
      });
    },
    reopen(key, isBegun) {
      return {
        began: Promise.resolve(),
        act: () => (isBegun ? Promise.resolve(ok()) : act(key, 'refuse')),
        end: (outcome) => end(key, outcome),
        forget: () => void journal?.forget(key).then(tellTrouble),
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

/** Where it is declared; and an update of firmware, which knows by itself how far it came (QN-7.8c). */
export function resumes({ config }: Row, effect: Effect): boolean {
  return config.journal?.resume === true || effect.do === 'firmware';
}

/** QN-4.2 */
function isOnce(effect: Effect): boolean {
  return effect.do === 'write' || ('once' in effect && effect.once);
}

function refusalOf({ kind, detail }: StoreError): Refusal {
  const isRoom = kind === 'overloaded' || kind === 'too-large';
  return isRoom ? { reason: kind satisfies Reason, detail: `${detail}; nothing was done` } : notDurable(detail);
}

/** QN-4.2e */
function notDurable(detail: string): Refusal {
  const way = 'nothing was done; see store in health, or set without-journal: act for this document';
  return { reason: 'not-durable', detail: `${detail}; ${way}` };
}
