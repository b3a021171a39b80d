import { expect, test } from 'vitest';
import { grownMb } from './memory.ts';

test('what was allocated is what the heap grew by between collections', () => {
  const trace = [
    '[12:0x1]      70 ms: Scavenge 4.5 (5.1) -> 4.0 (6.1) MB, pooled: 0 MB, 0.9 / 0.0 ms',
    '[12:0x1]      80 ms: Scavenge 5.0 (6.1) -> 4.1 (6.1) MB, pooled: 0 MB, 0.9 / 0.0 ms',
    'something else',
    '[12:0x1]      90 ms: Mark-Compact 5.6 (6.1) -> 3.9 (6.1) MB, pooled: 0 MB, 2.9 / 0.0 ms',
  ].join('\n');
  expect(grownMb(trace)).toBeCloseTo(1.0 + 1.5);
});
