import type { Config } from '../config/config.ts';
import type { Value } from '../qn/message.ts';

/** The table channel number ↔ document (QN-3.3). */
export function channelsOf(config: Config): Value {
  const numbered = Object.entries(config.documents).flatMap(([name, { number }]) =>
    number === undefined ? [] : [[String(number), name] as const],
  );
  return Object.fromEntries(numbered);
}
