import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokerProbeMissesMax, brokerProbeTimeoutMs, brokerScoreUnusableMax } from '../../../agent/limits.ts';
import {
  afterAnswer,
  afterDeath,
  afterMiss,
  type BrokerHealth,
  isUsable,
  scoreOf,
  untriedHealth,
} from '../../../agent/mqtt/broker-health.ts';

function repeat(count: number, step: (health: BrokerHealth) => BrokerHealth, start = untriedHealth): BrokerHealth {
  let health = start;
  for (let index = 0; index < count; index += 1) health = step(health);
  return health;
}

const answer = (latencyMs?: number) => (health: BrokerHealth) => afterAnswer(health, latencyMs);

describe('the health of a broker', () => {
  it('is perfect until something is known', () => {
    expect(scoreOf(untriedHealth)).toBe(1);
    expect(isUsable(untriedHealth)).toBe(true);
  });

  it('scores between 0 and 1, whatever happens', () => {
    const step = fc.oneof(
      fc.constant(afterMiss),
      fc.constant(afterDeath),
      fc.double({ min: 0, max: 1e9, noNaN: true }).map(answer),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const health = steps.reduce((before, next) => next(before), untriedHealth);
        expect(scoreOf(health)).toBeGreaterThanOrEqual(0);
        expect(scoreOf(health)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is dead after so many misses in a row, and not one sooner', () => {
    expect(isUsable(repeat(brokerProbeMissesMax - 1, afterMiss))).toBe(true);
    expect(scoreOf(repeat(brokerProbeMissesMax, afterMiss))).toBe(0);
  });

  it('counts misses in a row only', () => {
    const mixed = repeat(2, afterMiss, answer(10)(repeat(2, afterMiss)));
    expect(mixed.missesCount).toBe(2);
    expect(scoreOf(mixed)).toBeGreaterThan(0);
  });

  it('is dead at once when it is known to be', () => {
    expect(scoreOf(afterDeath(untriedHealth))).toBe(0);
    expect(isUsable(afterDeath(repeat(50, answer(1))))).toBe(false);
  });

  it('comes back with answers, later the longer it was away', () => {
    const shortlyAway = afterDeath(untriedHealth);
    const longAway = repeat(50, afterMiss);
    expect(isUsable(answer(1)(shortlyAway))).toBe(true);
    expect(isUsable(answer(1)(longAway))).toBe(false);
    expect(isUsable(repeat(2, answer(1), longAway))).toBe(true);
  });

  it('that loses most of its probes is not used, even if it never misses three in a row', () => {
    const lossy = (health: BrokerHealth) => answer(700)(repeat(2, afterMiss, health));
    expect(scoreOf(repeat(10, lossy))).toBeLessThan(brokerScoreUnusableMax);
  });

  it('is half as good with the slowest answer as with the fastest', () => {
    expect(scoreOf(answer(0)(untriedHealth))).toBe(1);
    expect(scoreOf(answer(brokerProbeTimeoutMs)(untriedHealth))).toBe(0.5);
    expect(scoreOf(answer(10 * brokerProbeTimeoutMs)(untriedHealth))).toBe(0.5);
  });

  it('smooths the latency, so that one slow answer says little', () => {
    const steady = repeat(20, answer(20));
    expect(answer(420)(steady).latencyMs).toBeCloseTo(140);
    expect(afterMiss(steady).latencyMs).toBe(steady.latencyMs);
    expect(afterAnswer(steady, undefined).latencyMs).toBe(steady.latencyMs);
  });
});
