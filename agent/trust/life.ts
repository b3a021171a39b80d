import type { Reason } from '../qn/reason.ts';
import { actuateLifeMsMax, clockSkewMs, tokenLifeMsMax } from './limits.ts';
import type { Attack, Claims, Purpose } from './token.ts';
import type { TrustedTime } from './trusted-time.ts';

interface LifeFault {
  readonly attack: Attack;
  readonly reason: Reason;
  readonly detail: string;
}

/** Stamps are whole seconds, and a command takes a moment to arrive. */
const restartToleranceMs = 2_000;

/** Whether a token counts now (QN-7.6). `startMs` is when this agent began to remember which commands it had, by the time of now. */
export function lifeFault(
  { iat, exp }: Claims,
  { role }: Purpose,
  { time, startMs }: { readonly time: TrustedTime; readonly startMs: number },
): LifeFault | undefined {
  const nowMs = time.nowMs();
  const issuedMs = iat * 1_000;
  const expiresMs = exp * 1_000;
  if (expiresMs <= nowMs) {
    const fix = time.isSynced
      ? 'sign it anew'
      : 'sign it anew, or have the clock of this board set: check `timedatectl`';
    const detail = `it expired at ${stamp(expiresMs)}, and here it is ${stamp(nowMs)} or later; ${fix}`;
    return { attack: 'freeze', reason: 'unauthenticated', detail };
  }
  if (time.isSynced && issuedMs > nowMs + clockSkewMs) {
    const detail = `it was issued at ${stamp(issuedMs)}, and here it is ${stamp(nowMs)}; set the clock where it was signed`;
    return { attack: 'future', reason: 'unauthenticated', detail };
  }
  const lifeMsMax = role === 'actuate' ? actuateLifeMsMax : tokenLifeMsMax;
  if (expiresMs - issuedMs > lifeMsMax) {
    const detail = `it counts for ${Math.round((expiresMs - issuedMs) / 1_000)} s; for ${role} at most ${lifeMsMax / 1_000} s are taken`;
    return { attack: 'freeze', reason: 'unauthenticated', detail };
  }
  if (role === 'actuate' && issuedMs < startMs - restartToleranceMs) {
    const detail = `it was issued before this agent started at ${stamp(startMs)}, so it may have been used already; sign it anew`;
    return { attack: 'replay', reason: 'unauthenticated', detail };
  }
  return undefined;
}

/** Stamps of strangers may be beyond what a Date can hold. */
export function stamp(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'the end of time';
}
