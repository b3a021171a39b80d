import * as v from 'valibot';
import { channelNumberMax } from '../../limits.ts';
import type { DocumentConfig } from '../config.ts';
import { choice, integer } from './scalar.ts';

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
    v.pipe(choice(['normal', 'emergency']), v.description('Emergency commands overtake all others.')),
    'normal',
  ),
  retained: v.optional(
    v.pipe(choice(['refuse', 'accept']), v.description('A retained command comes again with every connection.')),
    'refuse',
  ),
};

/** Of a line that is on or off; turned into a level by the document, never by a driver. */
export const active = v.optional(
  v.pipe(choice(['high', 'low']), v.description('The electrical level that means on.')),
  'high',
);

export const commonLater = ['once', 'resume'] as const;

type Common = Pick<DocumentConfig, 'number' | 'priority' | 'retained'>;

interface CommonInput {
  readonly number?: number | undefined;
  readonly priority: Common['priority'];
  readonly retained: Common['retained'];
}

/** Optional means absent: valibot hands on `undefined` for a key that is not there. */
export function commonOf({ number, priority, retained }: CommonInput): Common {
  return { priority, retained, ...(number !== undefined && { number }) };
}
