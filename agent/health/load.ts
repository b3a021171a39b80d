import { loadCalmMs, loadKeepRatio, loadLateMsMin, loadRefusingMsMax, loadShareMin } from './limits.ts';

/** How much the board does without, so that what matters goes on (QN-6.9). Each level includes those below. */
export type DegradeLevel = 0 | 1 | 2 | 3;

/** What was seen since the look before. */
export interface Load {
  /** The most that was taken of each share of the pool, 0 to 1; 1 also when something was refused for want of room. */
  readonly inbound: number;
  readonly executing: number;
  /** 0 while there is no broker: it fills up then, whatever the load is. */
  readonly outbox: number;
  /** How much later the look came than it was meant to. */
  readonly lateMs: number;
}

export interface Sparing {
  readonly level: DegradeLevel;
  /** What the load was when the level was last called for; a sentence each. */
  readonly why: readonly string[];
  /** Monotonic; since when the load is below what would keep the level. */
  readonly calmSinceMs?: number;
  /** Monotonic; since when commands are refused. */
  readonly refusingSinceMs?: number;
}

export const unspared: Sparing = { level: 0, why: [] };

/**
 * The next state at a look: one level up at most, and one down after each calm time. Nobody has to reset it. What is
 * refused is sent again, in bursts that look like load: so the last level ends by itself now and then, or it never would.
 */
export function nextSparing(before: Sparing, load: Load, nowMs: number): Sparing {
  const { refusingSinceMs = nowMs, ...rest } = before;
  if (before.level === 3 && nowMs - refusingSinceMs >= loadRefusingMsMax) return { ...rest, level: 2 };
  const next = nextByLoad(rest, load, nowMs);
  return next.level === 3 ? { ...next, refusingSinceMs } : next;
}

function nextByLoad(before: Sparing, load: Load, nowMs: number): Sparing {
  const wanted = levelOf(load, 1);
  if (wanted > before.level) return { level: up(before.level), why: reasonsOf(load) };
  if (before.level === 0) return unspared;
  if (wanted === before.level) return { level: before.level, why: reasonsOf(load) };
  if (levelOf(load, loadKeepRatio) >= before.level) return { level: before.level, why: before.why };
  const { calmSinceMs = nowMs } = before;
  if (nowMs - calmSinceMs < loadCalmMs) return { ...before, calmSinceMs };
  const level = down(before.level);
  return level === 0 ? unspared : { level, why: before.why, calmSinceMs: nowMs };
}

/** What each level switches off, in the words of QN-6.9. */
export function switchedOff(level: DegradeLevel): readonly string[] {
  return ['health-interval', 'watches', 'lossy-events', 'commands'].slice(0, [0, 1, 3, 4][level]);
}

/** The level this load calls for; with a ratio below 1 the one it would keep. */
function levelOf({ inbound, executing, outbox, lateMs }: Load, ratio: number): DegradeLevel {
  const taken = Math.max(inbound, executing);
  if (taken >= loadShareMin[3] * ratio) return 3;
  if (taken >= loadShareMin[2] * ratio || lateMs >= loadLateMsMin[2] * ratio) return 2;
  const share = Math.max(taken, outbox); // Behind a slow broker nothing that may be left out is said anyway.
  return share >= loadShareMin[1] * ratio || lateMs >= loadLateMsMin[1] * ratio ? 1 : 0;
}

function reasonsOf({ lateMs, ...shares }: Load): readonly string[] {
  const full = Object.entries(shares)
    .filter(([, share]) => share >= loadShareMin[1])
    .map(([holder, share]) => `load: ${Math.round(share * 100)} % of the slots for ${holder} were taken`);
  return lateMs < loadLateMsMin[1] ? full : [...full, `load: the event loop was ${Math.round(lateMs)} ms late`];
}

function up(level: DegradeLevel): DegradeLevel {
  return level === 0 ? 1 : level === 1 ? 2 : 3;
}

function down(level: DegradeLevel): DegradeLevel {
  return level === 3 ? 2 : level === 2 ? 1 : 0;
}
