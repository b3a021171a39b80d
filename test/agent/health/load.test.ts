import { describe, expect, it } from 'vitest';
import {
  loadCalmMs,
  loadKeepRatio,
  loadLateMsMin,
  loadLookMs,
  loadRefusingMsMax,
  loadShareMin,
} from '../../../agent/health/limits.ts';
import { type Load, nextSparing, type Sparing, switchedOff, unspared } from '../../../agent/health/load.ts';

const calm: Load = { inbound: 0, executing: 0, outbox: 0, lateMs: 0 };

/** The levels at looks that follow each other. */
function levels(loads: readonly Load[], start: Sparing = unspared): readonly number[] {
  let state = start;
  return loads.map((load, index) => {
    state = nextSparing(state, load, index * loadLookMs);
    return state.level;
  });
}

const looks = (count: number, load: Partial<Load>) => Array.from({ length: count }, () => ({ ...calm, ...load }));
const calmLooks = loadCalmMs / loadLookMs;

describe('the degrade level', () => {
  it.each<[string, Partial<Load>, number]>([
    ['nothing', {}, 0],
    ['a queue just below half', { inbound: loadShareMin[1] - 0.01 }, 0],
    ['a queue at half', { inbound: loadShareMin[1] }, 1],
    ['a queue at three quarters', { inbound: loadShareMin[2] }, 2],
    ['a queue that is full', { inbound: 1 }, 3],
    ['commands that all wait for their drivers', { executing: loadShareMin[3] }, 3],
    ['an outbox that is full', { outbox: 1 }, 1],
    ['an event loop that is somewhat late', { lateMs: loadLateMsMin[1] }, 1],
    ['an event loop that is just not late', { lateMs: loadLateMsMin[1] - 1 }, 0],
    ['an event loop that is very late', { lateMs: 60_000 }, 2],
  ])('%s leads to level %#', (_what, load, level) => {
    expect(levels(looks(5, load)).at(-1)).toBe(level);
  });

  it('rises by one at each look, so that one burst switches little off', () => {
    expect(levels(looks(4, { inbound: 1 }))).toEqual([1, 2, 3, 3]);
    expect(levels([...looks(1, { inbound: 1 }), ...looks(calmLooks + 2, {})]).at(-1)).toBe(0);
  });

  it('falls by one after each calm time, without anybody', () => {
    const fell = levels(looks(3 * calmLooks + 3, {}), { level: 3, why: ['load'] });
    expect(fell.filter((level) => level === 3)).toHaveLength(calmLooks);
    expect(fell.filter((level) => level === 2)).toHaveLength(calmLooks);
    expect(fell.filter((level) => level === 1)).toHaveLength(calmLooks);
    expect(fell.at(-1)).toBe(0);
  });

  it('is kept, and the calm time begins anew, by a load just below where the level begins', () => {
    const nearly = loadShareMin[3] * loadKeepRatio;
    const before: Sparing = { level: 3, why: [] };
    expect(levels(looks(2 * calmLooks, { inbound: nearly }), before).at(-1)).toBe(3);
    const [almost, again] = [looks(calmLooks, {}), looks(1, { inbound: nearly })];
    expect(levels([...almost, ...again, ...almost], before).at(-1)).toBe(3);
    expect(levels([...almost, ...again, ...almost, ...looks(1, {})], before).at(-1)).toBe(2);
  });

  it('takes commands now and then, so that what is sent again and again gets through in the end', () => {
    const cycle = loadRefusingMsMax / loadLookMs + 1;
    const all = levels(looks(10 * cycle, { inbound: 1 }));
    expect(all.slice(2).filter((level) => level === 2)).toHaveLength(9);
    expect(all.filter((level) => level === 3).length).toBeGreaterThan(9 * (cycle - 1));
  });

  it('says why, and keeps saying it until it is over', () => {
    const raised = nextSparing(unspared, { ...calm, inbound: 1, lateMs: 400 }, 0);
    const why = ['load: 100 % of the slots for inbound were taken', 'load: the event loop was 400 ms late'];
    expect(raised).toEqual({ level: 1, why });
    expect(nextSparing(raised, calm, loadLookMs).why).toEqual(why);
    expect(nextSparing({ ...raised, calmSinceMs: 0 }, calm, loadCalmMs)).toEqual(unspared);
  });

  it('switches off more at each level, and all of what the level below does', () => {
    expect(switchedOff(0)).toEqual([]);
    expect(switchedOff(1)).toEqual(['health-interval']);
    expect(switchedOff(2)).toEqual(['health-interval', 'watches', 'lossy-events']);
    expect(switchedOff(3)).toEqual(['health-interval', 'watches', 'lossy-events', 'commands']);
  });
});
