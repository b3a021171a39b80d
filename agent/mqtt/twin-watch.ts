import { twinHangUpAgeMsMax, twinHangUpsMax, twinTakeoversMax, twinWindowMs } from '../limits.ts';

/**
 * How a connection ended that was up. taken-over: the broker said so, which only MQTT 5 can. hung-up: the other side
 * closed it without a word, as brokers of 3.1.1 do with the older of two sessions of one client id; mosquitto 2.0.11 does
 * it in MQTT 5 as well (measured). Where this side was writing just then the kernel answers with a reset.
 */
export type UpEnd = 'taken-over' | 'hung-up' | 'other';

/** Finds out that somebody else uses our client id: both throw each other out, again and again. */
export interface TwinWatch {
  /** True while there seems to be a twin. */
  ended(how: UpEnd, upMs: number, nowMs: number): boolean;
}

export function createTwinWatch(): TwinWatch {
  const takeovers = createRecord(twinTakeoversMax);
  const hangUps = createRecord(twinHangUpsMax);
  return {
    ended(how, upMs, nowMs) {
      if (how === 'taken-over') return takeovers.note(nowMs);
      if (how === 'hung-up' && upMs <= twinHangUpAgeMsMax) return hangUps.note(nowMs);
      return false;
    },
  };
}

/** The last `countMax` times something happened; true when all of them lie inside the window. */
export function createRecord(countMax: number): { note(nowMs: number): boolean } {
  const atMs: number[] = [];
  return {
    note(nowMs) {
      atMs.push(nowMs);
      if (atMs.length > countMax) atMs.shift();
      const [oldestMs = nowMs] = atMs;
      return atMs.length === countMax && nowMs - oldestMs <= twinWindowMs;
    },
  };
}
