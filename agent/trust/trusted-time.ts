import type { Clock } from '../clock.ts';
import { plausibleWallMsMin } from '../health/clock-quality.ts';
import type { ClockQuality } from '../qn/message.ts';
import type { Values } from '../store/store.ts';
import { timeFloorKeepMs, timeFloorRaiseMsMax } from './limits.ts';

/** Kept over restarts: it was at least so late once, by a clock that somebody sets; and by what was signed. */
const floorKey = 'trust.time-floor-ms';
const heardKey = 'trust.heard-ms';

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
  const floor = createFloor(clock, values, floorKey);
  const heard = createFloor(clock, values, heardKey);
  const isSynced = () => clockQuality() === 'synced';
  // A synced clock knows better, and one mistaken laptop must not take the board into another century.
  const nowMs = () => Math.max(clock.wallMs(), floor.nowMs(), isSynced() ? 0 : heard.nowMs());
  return {
    nowMs() {
      if (isSynced()) floor.raise(clock.wallMs());
      else heard.keep();
      floor.keep();
      return nowMs();
    },
    get isSynced() {
      return isSynced();
    },
    heard(stampMs) {
      if (!isSynced()) heard.raise(Math.min(stampMs, Math.max(floor.nowMs(), heard.nowMs()) + timeFloorRaiseMsMax));
    },
  };
}

function createFloor(clock: Clock, values: TrustedTimeDependencies['values'], key: string) {
  let floorMs = plausibleWallMsMin;
  let atMs = clock.monotonicMs();

  const nowMs = () => floorMs + (clock.monotonicMs() - atMs);
  const raise = (toMs: number) => {
    if (toMs <= nowMs()) return;
    floorMs = toMs;
    atMs = clock.monotonicMs();
  };
  const keptMs = () => {
    const kept = Number(values?.get(key) ?? Number.NaN);
    return Number.isFinite(kept) ? kept : 0;
  };
  return {
    nowMs,
    raise,
    keep() {
      raise(keptMs()); // A store that was in trouble at the start is read only now; what it has it refused to write over.
      const flooredMs = Math.floor(nowMs());
      if (flooredMs - keptMs() >= timeFloorKeepMs) void values?.set(key, String(flooredMs));
    },
  };
}
