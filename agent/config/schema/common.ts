import * as v from 'valibot';
import { channelNumberMax } from '../../limits.ts';
import { bindingEntry, tokenEntry } from '../../trust/control.ts';
import { controlEntriesMax } from '../../trust/limits.ts';
import { type DocumentConfig, type JournalConfig, journalDefault } from '../config.ts';
import { message, quote } from './issue.ts';
import { choice, integer, listOf, onOff, text } from './scalar.ts';

/** The word that decides which other keys a document has. */
export function driver<const Name extends string>(name: Name, about: string) {
  return v.pipe(v.literal(name), v.description(about));
}

/** Keys that every document has, whatever its driver. */
export const common = {
  number: v.optional(
    v.pipe(
      integer('a channel number', 1, channelNumberMax),
      v.description('Of the compact form; unique on the board.'),
    ),
  ),
  priority: v.optional(
    v.pipe(
      choice(['normal', 'emergency']),
      v.description('Emergency commands overtake all others: they come by a connection of their own.'),
    ),
    'normal',
  ),
  retained: v.optional(
    v.pipe(choice(['refuse', 'accept']), v.description('A retained command comes again with every connection.')),
    'refuse',
  ),
  outbox: v.optional(
    v.pipe(
      choice(['all', 'latest', 'drop']),
      v.description('What of its events waits while no broker takes them: all, only the latest, or none.'),
    ),
    'all',
  ),
};

const controlEntry = v.pipe(
  text('an entry of control', 64),
  v.check(
    (entry) => entry === tokenEntry || entry === bindingEntry || /^[A-Za-z0-9_.*-]+$/.test(entry),
    ({ input }) =>
      message(
        `not an entry of control: ${quote(input)}`,
        `a source like ops or line-*, ${tokenEntry}, or ${bindingEntry}`,
      ),
  ),
);

export const controlEntries = listOf(controlEntry, 'entries', controlEntriesMax);

/** Keys of documents that take commands (QN-4.2). */
export const commanded = {
  control: v.optional(
    v.pipe(
      controlEntries,
      v.description(
        'Who may command it: sources, with * for any letters; token:actuate; binding:any. Absent: everybody.',
      ),
    ),
  ),
  once: v.optional(
    onOff('Commands with an id are journaled before they act. Absent: those that are not the same twice as once.'),
  ),
  resume: v.optional(
    onOff('What was under way when the agent died is done again; off: it ends failed, interrupted.'),
    'off',
  ),
  'without-journal': v.optional(
    v.pipe(choice(['refuse', 'act']), v.description('What becomes of commands that cannot be journaled.')),
    'refuse',
  ),
};

/** What to say to somebody who writes them where there is nothing to command. */
export const uncommanded = Object.fromEntries(
  Object.keys(commanded).map((key) => [key, 'this document takes no commands; remove it']),
);

/** Of a line that is on or off; turned into a level by the document, never by a driver. */
export const active = v.optional(
  v.pipe(choice(['high', 'low']), v.description('The electrical level that means on.')),
  'high',
);

type Common = Pick<DocumentConfig, 'number' | 'priority' | 'retained' | 'outbox'>;

interface CommonInput {
  readonly number?: number | undefined;
  readonly priority: Common['priority'];
  readonly retained: Common['retained'];
  readonly outbox: 'all' | NonNullable<Common['outbox']>;
}

/** Optional means absent: valibot hands on `undefined` for a key that is not there. */
export function commonOf({ number, priority, retained, outbox }: CommonInput): Common {
  return { priority, retained, ...(outbox !== 'all' && { outbox }), ...(number !== undefined && { number }) };
}

interface CommandedInput {
  readonly control?: readonly string[] | undefined;
  readonly once?: boolean | undefined;
  readonly resume: boolean;
  readonly 'without-journal': JournalConfig['without'];
}

export function commandedOf({ control, once, resume, 'without-journal': without }: CommandedInput): {
  readonly journal?: JournalConfig;
  readonly control?: readonly string[];
} {
  const isDefault = once === undefined && resume === journalDefault.resume && without === journalDefault.without;
  const journal = isDefault ? {} : { journal: { resume, without, ...(once !== undefined && { once }) } };
  return control === undefined ? journal : { ...journal, control };
}
