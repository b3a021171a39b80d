import { defineConfig } from 'vitest/config';

/** Only for ../faults.test.ts: these suites are meant to fail. */
export default defineConfig({
  test: {
    include: ['test/contract/faults/*.fault.ts'],
    env: { TEST_UNTIL_MS: '300' },
    testTimeout: 3_000,
  },
});
