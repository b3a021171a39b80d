import { isPlainMap } from '../../config/plain-map.ts';
import type { Value } from '../../qn/message.ts';
import { formatValue, plainText } from '../message-text.ts';

/** `version 3  push by alice  2026-11-25T20:00:00.000Z  failed  rolled-back: …`. */
export function formatRecord(record: Value): string {
  if (!isPlainMap(record)) return formatValue(record);
  const { version, origin, author, at, status, reason, detail, rollback } = record;
  const when = typeof at === 'number' ? new Date(at).toISOString() : '-';
  const why = [reason, detail].filter((part) => part !== undefined).map(plainText);
  const back = rollback === undefined ? [] : [`rollback: ${plainText(rollback)}`];
  const who = `${plainText(origin)} by ${plainText(author)}`;
  return [
    `version ${plainText(version)}`,
    who,
    when,
    plainText(status),
    ...(why.length === 0 ? [] : [why.join(': ')]),
    ...back,
  ].join('  ');
}
