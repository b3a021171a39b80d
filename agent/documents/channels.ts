import type { Value } from '../qn/message.ts';
import type { Row } from './row.ts';

/** The table channel number ↔ document (QN-3.3). Of two with one number the later row has it. */
export function channelsOf(rows: readonly Row[]): Value {
  const numbered = rows.flatMap(({ name, config: { number } }) =>
    number === undefined ? [] : [[String(number), name] as const],
  );
  return Object.fromEntries(numbered);
}
