import type { Delta, Snapshot, Value } from '../qn/message.ts';
import { createMergePatch } from '../qn/value.ts';

/** The Delta from what somebody was told to what is; undefined where no patch can say it: then tell the Snapshot. */
export function deltaOf(
  told: { readonly version: number; readonly value: Value },
  { ep, ver, lsn, val }: Snapshot,
): Delta | undefined {
  const patch = createMergePatch(told.value, val);
  if (patch === undefined || ep === undefined || ver === undefined || lsn === undefined) return undefined;
  return { t: 'delta', ep, ver, base: told.version, lsn, val: patch };
}
