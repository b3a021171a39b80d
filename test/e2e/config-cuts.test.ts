import { expect, test } from 'vitest';
import { runCuts } from '../prove/cuts-run.ts';
import { shimMissing } from '../support/disk-shim/shim.ts';

/* Every operation is tried by `npm run prove:cuts`; here one before the moment that counts, and one behind it. */
test.skipIf(shimMissing !== undefined)(
  'an agent that is killed in the middle of a push runs the old config or the new one, and tells the truth',
  { timeout: 240_000 },
  async () => {
    const { faults, counts } = await runCuts({ operations: [9, 17], pushes: ['sound'] });
    expect(faults).toEqual([]);
    expect(counts['kills']).toBe(2);
  },
);
