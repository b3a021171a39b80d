import { brokerProbeMissesMax, brokerProbeTimeoutMs, brokerScoreUnusableMax } from '../limits.ts';

/** What is known about one broker from asking it. */
export interface BrokerHealth {
  /** 0 to 1, of the latest answers and misses, the newest most. */
  readonly errorRate: number;
  /** In a row. */
  readonly missesCount: number;
  /** Of a round trip, smoothed; absent until one was measured. */
  readonly latencyMs?: number;
}

export const untriedHealth: BrokerHealth = { errorRate: 0, missesCount: 0 };

/** The weight of the newest observation: three misses leave 0.34 of a spotless past, two answers bring 0.51 back. */
const newestWeight = 0.3;

/** Absent `latencyMs`: it answered, but what took the time was more than one round trip. */
export function afterAnswer(health: BrokerHealth, latencyMs: number | undefined): BrokerHealth {
  const errorRate = smooth(health.errorRate, 0);
  if (latencyMs === undefined) return { ...health, errorRate, missesCount: 0 };
  return { errorRate, missesCount: 0, latencyMs: smooth(health.latencyMs ?? latencyMs, latencyMs) };
}

export function afterMiss(health: BrokerHealth): BrokerHealth {
  return { ...health, errorRate: smooth(health.errorRate, 1), missesCount: health.missesCount + 1 };
}

/** It is known to be dead: the connection broke, or could not be made. As bad as all the misses that would prove it. */
export function afterDeath(health: BrokerHealth): BrokerHealth {
  let dead = afterMiss(health);
  while (dead.missesCount < brokerProbeMissesMax) dead = afterMiss(dead);
  return dead;
}

/**
 * 0 to 1: 1 answers at once and always, 0 is dead. An answer at the last moment counts half of one at once, so that the
 * usual jitter of a network changes little.
 */
export function scoreOf({ errorRate, missesCount, latencyMs = 0 }: BrokerHealth): number {
  if (missesCount >= brokerProbeMissesMax) return 0;
  return (1 - errorRate) * (1 - 0.5 * Math.min(1, latencyMs / brokerProbeTimeoutMs));
}

export function isUsable(health: BrokerHealth): boolean {
  return scoreOf(health) > brokerScoreUnusableMax;
}

function smooth(before: number, now: number): number {
  return before + newestWeight * (now - before);
}
