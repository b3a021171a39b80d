import type { Clock } from '../../agent/clock.ts';
import { type ReaderState, read } from '../../agent/documents/reader.ts';
import type { Message } from '../../agent/qn/message.ts';
import { openMemoryStore } from '../../agent/store/memory-store.ts';
import { Platter } from '../../agent/store/platter.ts';
import type { Store } from '../../agent/store/store.ts';

/** Mistakes planted around the real parts, to see that the simulation finds them. */
export type Plant =
  | 'forgetful journal'
  | 'unread journal'
  | 'flattering journal'
  | 'hasty outbox'
  | 'reader without base';

/** The store with the mistake, where it is one of the store. */
export async function planted(plant: Plant | undefined, store: Store, clock: Clock): Promise<Store> {
  switch (plant) {
    case 'forgetful journal':
      return await withForgetfulJournal(store, clock);
    case 'unread journal':
      return withUnreadJournal(store);
    case 'flattering journal':
      return withFlatteringJournal(store);
    case 'hasty outbox':
      return withHastyOutbox(store);
    default:
      return store;
  }
}

/** Remembers commands for as long as the agent lives. */
async function withForgetfulJournal(store: Store, clock: Clock): Promise<Store> {
  const fresh = await openMemoryStore(new Platter(), { clock, onTrouble() {} });
  return fresh.ok ? replacing(store, { journal: fresh.value.journal }) : store;
}

/** Says that nothing was under way when the agent died. */
function withUnreadJournal(store: Store): Store {
  return replacing(store, { journal: replacing(store.journal, { interrupted: Promise.resolve([]) }) });
}

/** Says that what was under way when the agent died had not begun. */
function withFlatteringJournal(store: Store): Store {
  const { journal } = store;
  const interrupted = journal.interrupted.then((rows) => rows.map((row) => ({ ...row, status: 'accepted' as const })));
  return replacing(store, { journal: replacing(journal, { interrupted }) });
}

/** Takes what it stored away as soon as it gave it out, and does not wait for the broker. */
function withHastyOutbox(store: Store): Store {
  const { outbox } = store;
  const hasty: Store['outbox'] = replacing(outbox, {
    async oldest(count: number, afterSequence: number) {
      const rows = await outbox.oldest(count, afterSequence);
      if (rows.ok) for (const { sequence } of rows.value) void outbox.remove(sequence);
      return rows;
    },
  });
  return replacing(store, { outbox: hasty });
}

/** Applies a Delta to whatever it has. */
export function readWithoutBase(state: ReaderState, message: Message) {
  const isDelta = message.t === 'delta' && state.known !== undefined;
  return read(state, isDelta ? { ...message, base: state.known?.version ?? 0 } : message);
}

/** The same object, some members replaced; the others keep their own `this`. */
export function replacing<Whole extends object>(whole: Whole, members: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get(target, name) {
      if (name in members) return Reflect.get(members, name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
