import { describe, expect, it } from 'vitest';
import { journalFilterCountersPerEntry } from '../../../agent/limits.ts';
import { CountingFilter } from '../../../agent/store/counting-filter.ts';
import { storeLimits } from '../../../agent/store/limits.ts';
import { Samples } from '../../../agent/store/metrics.ts';

const { journalCountMax } = storeLimits;
const keyOf = (index: number) => `gpio.relay${index % 7} ${index} panel`;

describe('the filter of the journal', () => {
  it('has all that was added, and of strangers takes less than 1 in 100 for known when it is full', () => {
    const filter = new CountingFilter(journalCountMax * journalFilterCountersPerEntry);
    for (let index = 0; index < journalCountMax; index += 1) filter.add(keyOf(index));
    for (let index = 0; index < journalCountMax; index += 1) expect(filter.mayHave(keyOf(index))).toBe(true);
    const strangers = Array.from({ length: 20_000 }, (_, index) => keyOf(1_000_000 + index));
    const mistaken = strangers.filter((key) => filter.mayHave(key)).length;
    expect(mistaken).toBeGreaterThan(0);
    expect(mistaken).toBeLessThan(200);
  });

  it('stays as good after its whole window was replaced ten times', () => {
    const filter = new CountingFilter(journalCountMax * journalFilterCountersPerEntry);
    for (let index = 0; index < journalCountMax * 11; index += 1) {
      filter.add(keyOf(index));
      if (index >= journalCountMax) filter.remove(keyOf(index - journalCountMax));
    }
    const gone = Array.from({ length: 20_000 }, (_, index) => keyOf(index));
    expect(gone.filter((key) => filter.mayHave(key)).length).toBeLessThan(200);
  });

  it('never loses a key, even when more were added than a counter can count', () => {
    const filter = new CountingFilter(64);
    for (let index = 0; index < 30_000; index += 1) filter.add(keyOf(index));
    for (let index = 1; index < 30_000; index += 1) filter.remove(keyOf(index));
    expect(filter.mayHave(keyOf(0))).toBe(true);
  });
});

describe('samples', () => {
  it('tell percentiles of the last few hundred, and the greatest of all', () => {
    const samples = new Samples();
    expect(samples.percentile(0.5)).toBe(0);
    samples.add(1e6);
    for (let sample = 1; sample <= 512; sample += 1) samples.add(sample);
    expect([samples.percentile(0.5), samples.percentile(0.99), samples.max]).toEqual([256, 507, 1e6]);
  });
});
