import { openDatabase } from '../../agent/store/database.ts';
import { storeLimits } from '../../agent/store/limits.ts';

/** What the appender put into the store of that folder, in order. Throws when the database is damaged. */
export function textsIn(folder: string): string[] {
  using database = openDatabase({ folder, limits: storeLimits, synchronous: 'FULL' });
  const messages = database.readOutbox({ afterSequence: 0, countMax: 100_000, bytesMax: 100_000_000 });
  return messages.map(({ bytes }) => Buffer.from(bytes).toString().replace(/\.+$/, ''));
}
