import { expect, test } from 'vitest';
import { readLoaded } from './load.ts';
import { awakeMs, readTap } from './tap.ts';
import { answersOf, parseStamps } from './wire-stamps.ts';

const sentNs = [1_000_000n, 2_000_000n, 3_000_000n, 4_000_000n]; // ON, OFF, ON, OFF

test('each change belongs to the probe in its place, also when it came after the next one was sent', () => {
  const stamps = parseStamps('3500000 1\n4500000 0\n5000000 1\n5500000 0\n');
  expect(answersOf(sentNs, stamps)).toEqual({ ms: [2.5, 2.5, 2, 1.5], lostCount: 0 });
});

test('where a probe was lost a change belongs to the latest one of its level before it', () => {
  const stamps = parseStamps('1500000 1\n4250000 0\n'); // The second was lost, so the third was no change.
  expect(answersOf(sentNs, stamps)).toEqual({ ms: [0.5, 0.25], lostCount: 2 });
});

test('without a change all are lost', () => {
  expect(answersOf(sentNs, [])).toEqual({ ms: [], lostCount: 4 });
});

test('what the generator prints is read', () => {
  expect(readLoaded('probe 17\nprobe 18\nhiccup 20 1500\nsent 40 2 250\n')).toEqual({
    probesNs: [17n, 18n],
    bulkCount: 40,
    hiccups: [{ atNs: 20n, ms: 1.5 }],
    lateMs: 0.25,
  });
});

test('a message that two connections get could be read when the first one had it', () => {
  const words = [5, 100, 7, 110, 8, 120, 7, 130, 9, 140, 8, 999, 999]; // So many, then when and which; what follows is old.
  expect(readTap(new Uint8Array(BigInt64Array.from(words.map(BigInt)).buffer))).toEqual([100n, 110n, 130n]);
});

test('of a time, what the machine stood still is left out, and no more than that', () => {
  const hiccups = [0n, 9_000_000n, 40_000_000n].map((atNs) => ({ atNs, ms: 5 }));
  expect(awakeMs(4_000_000n, 12_000_000n, hiccups)).toBe(4); // 1 ms of the first, 3 ms of the second.
  expect(awakeMs(6_000_000n, 8_000_000n, hiccups)).toBe(2);
  expect(awakeMs(6_000_000n, 8_000_000n, [])).toBe(2);
});
