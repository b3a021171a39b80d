import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { watchIntervalMsMin, watchLeaseMsDefault, watchLeaseMsMax, watchLeaseMsMin } from '../limits.ts';
import type { Query, Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { isEqualValue, isObjectValue } from '../qn/value.ts';

/** What a watcher asked for (QN-5.1), as far as it is granted. */
export interface Grant {
  readonly leaseMs: number;
  /** Between two messages. */
  readonly minMs: number;
  /** A Snapshot after so long without a message, changed or not. */
  readonly maxMs?: number;
  /** The smallest change of a number that is told. */
  readonly step: number;
}

/** What the watcher has, and since when. */
export interface Told {
  readonly version: number;
  readonly value: Value;
  /** Monotonic. */
  readonly atMs: number;
}

/** `tell` now, or nothing before `atMs`; Infinity: nothing until the next change. */
export type Telling = { readonly tell: 'delta' | 'snapshot' } | { readonly tell: 'later'; readonly atMs: number };

/** A lease is shortened or lengthened to what there is; the watcher is told (QN-5.1a). */
export function grantWatch({ lease = watchLeaseMsDefault, min = 0, max, step = 0 }: Query): Result<Grant, Refusal> {
  if (max !== undefined && max < watchIntervalMsMin) return outOfRange(`max ${max} ms: at least ${watchIntervalMsMin}`);
  if (max !== undefined && max < min) return outOfRange(`max ${max} ms is below min ${min} ms`);
  const leaseMs = Math.min(watchLeaseMsMax, Math.max(watchLeaseMsMin, lease));
  return ok({ leaseMs, minMs: min, step, ...(max === undefined ? {} : { maxMs: max }) });
}

/** What is due for a watcher; without `told` it has nothing yet, or nobody knows what. */
export function nextTelling(
  { minMs, maxMs, step }: Grant,
  told: Told | undefined,
  current: { readonly version: number; readonly value: Value },
  nowMs: number,
): Telling {
  if (told === undefined) return { tell: 'snapshot' };
  const isNews = current.version !== told.version && isWorthTelling(told.value, current.value, step);
  const changeAtMs = isNews ? told.atMs + minMs : Infinity;
  const silenceAtMs = maxMs === undefined ? Infinity : told.atMs + maxMs;
  if (nowMs >= silenceAtMs) return { tell: 'snapshot' };
  return nowMs >= changeAtMs ? { tell: 'delta' } : { tell: 'later', atMs: Math.min(changeAtMs, silenceAtMs) };
}

/** Numbers differ by `step` or more, in objects any of them; whatever is no number differs at all (QN-5.1b). */
export function isWorthTelling(from: Value, to: Value, step: number): boolean {
  if (typeof from === 'number' && typeof to === 'number') {
    const rounding = Number.EPSILON * Math.max(Math.abs(from), Math.abs(to)); // 0.3 − 0.2 is a little less than 0.1.
    return from !== to && Math.abs(to - from) >= step - rounding;
  }
  if (!isObjectValue(from) || !isObjectValue(to)) return !isEqualValue(from, to);
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].some((key) => {
    const left = Object.hasOwn(from, key) ? from[key] : undefined;
    const right = Object.hasOwn(to, key) ? to[key] : undefined;
    return left === undefined || right === undefined || isWorthTelling(left, right, step);
  });
}

function outOfRange(detail: string): Result<never, Refusal> {
  return fail({ reason: 'out-of-range', detail });
}
