import type { Guarded } from './guarded.ts';
import type { OutputPlan } from './output-plan.ts';

/** A guard whose plan follows the config. */
export interface ReplacedGuard extends Guarded {
  /** The new guard waits before the old one goes. */
  replan(plan: OutputPlan): Promise<void>;
}

export function keepGuard(start: (plan: OutputPlan) => Guarded, plan: OutputPlan): ReplacedGuard {
  let current = start(plan);
  let text = JSON.stringify(plan);
  return {
    async replan(next) {
      if (JSON.stringify(next) === text) return;
      text = JSON.stringify(next);
      const before = current;
      current = start(next);
      await before.goodbye();
    },
    goodbye: () => current.goodbye(),
  };
}
