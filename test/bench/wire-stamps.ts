import { readFileSync } from 'node:fs';
import { codeOf } from '../../drivers/system-error.ts';

/** One change of a driven line, as its log has it. */
export interface Stamp {
  readonly atNs: bigint;
  readonly level: 0 | 1;
}

/** None where the line was never driven. */
export function readStamps(wireLog: string): readonly Stamp[] {
  try {
    return parseStamps(readFileSync(wireLog, 'latin1'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

export function parseStamps(text: string): readonly Stamp[] {
  const rows = text.split('\n').filter((row) => row !== '');
  return rows.map((row) => {
    const [ns = '0', level] = row.split(' ');
    return { atNs: BigInt(ns), level: level === '1' ? 1 : 0 };
  });
}

export interface Answers {
  readonly ms: readonly number[];
  readonly lostCount: number;
}

export interface Answer {
  readonly sentNs: bigint;
  readonly atNs: bigint;
}

/**
 * The change that each probe made. Probes are ON and OFF in turns, beginning with ON, so each is a change, in order. Where
 * one was lost the next one is no change either; then a change belongs to the latest probe of its level that was sent before.
 */
export function pairsOf(probesNs: readonly bigint[], stamps: readonly Stamp[]): readonly Answer[] {
  const isWhole = stamps.length === probesNs.length;
  return stamps.flatMap(({ atNs, level }, index) => {
    const sentNs = isWhole ? probesNs[index] : probesNs.findLast((ns, place) => ns <= atNs && place % 2 === 1 - level);
    return sentNs === undefined ? [] : [{ sentNs, atNs }];
  });
}

/** How long each probe took. */
export function answersOf(probesNs: readonly bigint[], stamps: readonly Stamp[]): Answers {
  const ms = pairsOf(probesNs, stamps).map(({ sentNs, atNs }) => Number(atNs - sentNs) / 1e6);
  return { ms, lostCount: Math.max(0, probesNs.length - ms.length) };
}
