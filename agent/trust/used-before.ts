import type { Values } from '../store/store.ts';
import { clockSkewMs } from './limits.ts';
import type { TrustedTime } from './trusted-time.ts';

/** By key, when the newest command that was let through was signed: in this life, ids say more. */
export interface UsedBefore {
  /** As earlier lives left it, for the keys that were used in this one. */
  readonly known: Map<string, number>;
  /** Absent: it does not outlive the agent. */
  readonly values?: Pick<Values, 'get' | 'set'> | undefined;
}

/**
 * 0: nothing. A stamp that a `synced` clock finds to be ahead was of a wrong clock, and must not shut out whoever set it
 * right. // QN-7.6a
 */
export function usedBeforeMs(used: UsedBefore, kid: string, time: TrustedTime): number {
  const beforeMs = used.known.get(kid) ?? keptMs(used, kid);
  return time.isSynced && beforeMs > time.nowMs() + clockSkewMs ? 0 : beforeMs;
}

/** Does not wait: where the disk takes nothing the command acts all the same. */
export function keepUsed(used: UsedBefore, kid: string, issuedMs: number, time: TrustedTime): void {
  const beforeMs = keptMs(used, kid);
  if (!used.known.has(kid)) used.known.set(kid, beforeMs);
  const isAhead = time.isSynced && beforeMs > time.nowMs() + clockSkewMs;
  if (issuedMs > beforeMs || isAhead) void used.values?.set(keyOf(kid), String(issuedMs));
}

function keptMs({ values }: UsedBefore, kid: string): number {
  const kept = Number(values?.get(keyOf(kid)) ?? Number.NaN);
  return Number.isFinite(kept) ? kept : 0;
}

function keyOf(kid: string): string {
  return `trust.used.${kid}`;
}
