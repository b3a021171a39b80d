import type { Clock } from '../clock.ts';

/*
 *   63                                   23 22   20 19      10 9        0
 *   +--------------------------------------+-------+----------+----------+
 *   | ms since 2024-01-01T00:00:00Z        | mode  | node     | count    |   QN-9
 *   +--------------------------------------+-------+----------+----------+
 */
export const idEpochMs = Date.UTC(2024, 0, 1);
/** The stamps end in 2093. A year short of it no clock is believed, so that counting on never runs out of stamps. */
const elapsedMsMax = 2 ** 41 - 366 * 86_400_000;
const countMax = 2 ** 10 - 1;

/** 0: as the clock says · 1: the clock stepped back, stamps go on from the last one · 2: the clock has no time. */
type IdMode = 0 | 1 | 2;

export interface IdParts {
  /** Milliseconds since 1970. */
  readonly stampMs: number;
  /** 0–7; this version makes 0, 1 and 2. */
  readonly mode: number;
  readonly node: number;
  readonly count: number;
}

export interface IdSource {
  /** Greater than every id before. Never throws and never waits, whatever the clock does. */
  next(): bigint;
  /** Of the last id, in ms since 1970. Keep it over restarts when the clock is not trustworthy. */
  readonly lastStampMs: number;
  /** The clock has got its time: mode 2 ends with the next stamp. */
  trustClock(): void;
}

export interface IdSourceOptions {
  readonly clock: Clock;
  readonly nodeName: string;
  /** From the run before: ids begin behind it. Ignored where no stamp could lie. */
  readonly lastStampMs?: number;
  /** 2 when the clock is known not to have time (no RTC, no NTP yet). */
  readonly mode?: 0 | 2;
}

/**
 * 1 024 ids per millisecond; when they are used up the stamp goes on without the clock. The clause allows 50 ms of
 * waiting for a clock that stepped back; not waiting at all keeps an emergency stop fast. Not promised: that two nodes
 * with the same 10-bit hash never make the same id; the key of a command is (source, id).
 */
export function createIdSource(options: IdSourceOptions): IdSource {
  const { clock, nodeName } = options;
  const node = nodeHash(nodeName);
  const lastMs = (options.lastStampMs ?? Number.NaN) - idEpochMs;
  // The stamp from the run before is used up: what it was counted to is not known.
  let elapsedMs = isElapsed(lastMs) ? lastMs : -1;
  let count = countMax;
  let mode: IdMode = 0;
  let clockMs = elapsedMs;
  let isBehind = false;
  let hasTime = options.mode !== 2;

  const modeAt = (nowMs: number): IdMode => {
    if (!hasTime) return 2;
    if (isBehind) return 1;
    return nowMs < 0 ? 2 : 0;
  };

  const countOn = (nowMs: number) => {
    if (nowMs < clockMs) isBehind = true;
    if (count < countMax) {
      count += 1;
      mode = greater(mode, modeAt(nowMs)); // within a stamp the mode only grows, so that ids do
    } else {
      elapsedMs += 1;
      count = 0;
      mode = modeAt(nowMs);
    }
  };

  return {
    next() {
      const wallMs = Math.trunc(clock.wallMs() - idEpochMs);
      const nowMs = isElapsed(wallMs) ? wallMs : -1;
      if (nowMs > elapsedMs) {
        elapsedMs = nowMs;
        count = 0;
        isBehind = false;
        mode = modeAt(nowMs);
      } else {
        countOn(nowMs);
      }
      clockMs = nowMs;
      return pack(elapsedMs, mode, node, count);
    },
    get lastStampMs() {
      return idEpochMs + Math.max(0, elapsedMs);
    },
    trustClock() {
      hasTime = true;
    },
  };
}

export interface BootIdOptions {
  readonly clock: Clock;
  readonly nodeName: string;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Whether the clock shows a date that can be right. */
  readonly hasTime: boolean;
}

/**
 * The id of a life, told apart from all others by chance where the clock does not do it (QN-9.1): it is there before anything was
 * read from a disk.
 */
export function createBootId({ clock, nodeName, random, hasTime }: BootIdOptions): bigint {
  const elapsedMs = Math.trunc(clock.wallMs() - idEpochMs);
  const isTime = hasTime && isElapsed(elapsedMs);
  const stampMs = isTime ? elapsedMs : Math.floor(random() * elapsedMsMax);
  return pack(stampMs, isTime ? 0 : 2, nodeHash(nodeName), Math.floor(random() * (countMax + 1)));
}

export function parseId(id: bigint): IdParts {
  return {
    stampMs: idEpochMs + Number((id >> 23n) & 0x1ff_ffff_ffffn),
    mode: Number((id >> 20n) & 7n),
    node: Number((id >> 10n) & 0x3ffn),
    count: Number(id & 0x3ffn),
  };
}

/** FNV-1a of the UTF-8 bytes, 32 bits folded to 10. */
export function nodeHash(nodeName: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(nodeName)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return ((hash >>> 20) ^ (hash >>> 10) ^ hash) & 0x3ff;
}

function greater(left: IdMode, right: IdMode): IdMode {
  return left > right ? left : right;
}

function isElapsed(ms: number): boolean {
  return ms >= 0 && ms <= elapsedMsMax;
}

function pack(elapsedMs: number, mode: IdMode, node: number, count: number): bigint {
  const low = (mode << 20) | (node << 10) | count;
  return (BigInt(elapsedMs) << 23n) | BigInt(low);
}
