import { describe, expect, it } from 'vitest';
import { brokerProbeMissesMax, brokerProbeMs, brokerProbeTimeoutMs } from '../../../agent/limits.ts';
import { openHeartbeat } from '../../../agent/mqtt/heartbeat.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const rules = { probeMs: brokerProbeMs, probeTimeoutMs: brokerProbeTimeoutMs };

function open(random = () => 0.5) {
  const clock = createFakeClock();
  const told: string[] = [];
  const asked: (() => void)[] = [];
  const askedAtMs: number[] = [];
  const ask = (heard: () => void) => {
    asked.push(heard);
    askedAtMs.push(clock.monotonicMs());
  };
  const heartbeat = openHeartbeat({ clock, random }, rules, ask, {
    answered: (latencyMs) => told.push(`answered ${latencyMs}`),
    missed: () => told.push('missed'),
    died: () => told.push('died'),
  });
  return { clock, told, asked, askedAtMs, heartbeat };
}

describe('a heartbeat', () => {
  it('asks once an interval, and tells how long the answer took', async () => {
    const { clock, told, asked, askedAtMs } = open();
    await clock.advance(brokerProbeMs + 20);
    asked[0]!();
    await clock.advance(brokerProbeMs + 30);
    asked[1]!();
    expect(told).toEqual(['answered 20', 'answered 30']);
    expect(askedAtMs).toEqual([5_000, 10_020]);
    await clock.advance(brokerProbeMs - 1);
    expect(asked).toHaveLength(2);
  });

  it('is dead after three misses in a row, and asks no more', async () => {
    const { clock, told, asked } = open();
    await clock.advance(3 * (brokerProbeMs + brokerProbeTimeoutMs) - 1);
    expect(told).toEqual(['missed', 'missed']);
    await clock.advance(1);
    expect(told).toEqual(['missed', 'missed', 'died']);
    await clock.advance(60_000);
    expect(asked).toHaveLength(brokerProbeMissesMax);
    expect(clock.timersCount).toBe(0);
  });

  it('lives on over a way that is slower than the deadline', async () => {
    const { clock, told, asked } = open();
    for (let count = 0; count < 10; count += 1) {
      await clock.advance(brokerProbeMs);
      await clock.advance(brokerProbeTimeoutMs);
      asked.at(-1)!();
    }
    expect(told).toEqual(Array(10).fill('missed'));
  });

  it('spreads the questions of a fleet', async () => {
    const early = open(() => 0);
    await early.clock.advance(0.9 * brokerProbeMs);
    expect(early.asked).toHaveLength(1);
    const late = open(() => 1 - Number.EPSILON);
    await late.clock.advance(1.1 * brokerProbeMs - 1);
    expect(late.asked).toHaveLength(0);
  });

  it('tells nothing after it was disposed of, not even an answer', async () => {
    const { clock, told, asked, heartbeat } = open();
    await clock.advance(brokerProbeMs);
    heartbeat[Symbol.dispose]();
    asked[0]!();
    await clock.advance(60_000);
    expect([told, clock.timersCount, asked.length]).toEqual([[], 0, 1]);
  });
});
