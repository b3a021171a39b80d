import type { TestPlan } from './self-test.ts';

/** A board that runs another config than it was meant to is not well, however well that one works. */
export function withConfigTroubles(plan: TestPlan, troubles: readonly string[]): TestPlan {
  if (troubles.length === 0) return plan;
  const fix = 'give it a config that works: push one, or mend the config file and restart';
  const failed = { status: 'fail', detail: troubles.join('; '), fix } as const;
  return {
    ...plan,
    tests: plan.tests.map((test) => (test.id === 'config.valid' ? { ...test, run: () => failed } : test)),
  };
}
