import type { Clock } from '../clock.ts';
import { plausibleWallMsMin } from '../health/clock-quality.ts';
import type { ClockQuality } from '../qn/message.ts';
import type { Values } from '../store/store.ts';
import { timeFloorKeepMs, timeFloorRaiseMsMax } from './limits.ts';

/** Kept over restarts: it was at least so late once. */
const floorKey = 'trust.time-floor-ms';

export interface TrustedTime {
  /** Never earlier than it is known to be: the wall clock, or the floor and the time since, whichever is later. */
  nowMs(): number;
  /** Whether a stamp in the future is the fault of whoever made it: else the clock of the board may be behind. */
  readonly isSynced: boolean;
  /** Somebody we trust said that it was so late. */
  heard(stampMs: number): void;
}

export interface TrustedTimeDependencies {
  readonly clock: Clock;
  clockQuality(): ClockQuality;
  /** Absent: the floor does not outlive the agent. */
  readonly values?: Pick<Values, 'get' | 'set'> | undefined;
}

/**
 * Time to judge by whether a token is expired, on a board whose clock may have begun in 1970 (QN-7.6). A clock that was
 * put back does not bring expired tokens to life; one that is wrongly far ahead refuses tokens until they are signed to last
 * longer, which is the way out without touching the board.
 */
export function createTrustedTime({ clock, clockQuality, values }: TrustedTimeDependencies): TrustedTime {
  let floorMs = plausibleWallMsMin;
  let atMs = clock.monotonicMs();

  const floorNow = () => floorMs + (clock.monotonicMs() - atMs);
  const raise = (toMs: number) => {
    if (toMs <= floorNow()) return;
    floorMs = toMs;
    atMs = clock.monotonicMs();
  };
  const keptMs = () => {
    const kept = Number(values?.get(floorKey) ?? Number.NaN);
    return Number.isFinite(kept) ? kept : 0;
  };
  const keep = () => {
    raise(keptMs()); // A store that was in trouble at the start is read only now; what it has it refused to write over.
    const nowMs = Math.floor(floorNow());
    if (nowMs - keptMs() >= timeFloorKeepMs) void values?.set(floorKey, String(nowMs));
  };
  raise(keptMs());
  return {
    nowMs() {
      const wallMs = clock.wallMs();
      if (clockQuality() === 'synced') raise(wallMs);
      keep();
      return Math.max(wallMs, floorNow());
    },
    get isSynced() {
      return clockQuality() === 'synced';
    },
    // A synced clock knows better, and one mistaken laptop must not take the board into another century.
    heard(stampMs) {
      if (clockQuality() !== 'synced') raise(Math.min(stampMs, floorNow() + timeFloorRaiseMsMax));
    },
  };
}
