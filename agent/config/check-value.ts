import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Value } from '../qn/message.ts';
import { atOnce, type Steps } from '../steps.ts';
import { checkTreeSteps } from './check.ts';
import { applyEnv, type Env } from './env.ts';
import { boundFaults, type ConfigFault, sortFaults } from './fault.ts';
import type { Candidate } from './home.ts';
import { treeOf } from './tree.ts';

/** A config that came as a value, over the air or from the state folder; the environment comes on top as with a file. */
export function checkValue(value: Value, env: Env, name?: string): Result<Candidate, readonly ConfigFault[]> {
  return atOnce(checkValueSteps(value, env, name));
}

export function* checkValueSteps(
  value: Value,
  env: Env,
  name = 'config',
): Steps<Result<Candidate, readonly ConfigFault[]>> {
  const place = { file: name };
  const tree = treeOf(value, place);
  if (tree?.kind !== 'map') return fail([{ ...place, pointer: '', message: 'expected a map of sections' }]);
  const withEnv = applyEnv(tree, env);
  const checked = yield* checkTreeSteps(withEnv.tree);
  const faults = [...withEnv.faults, ...(checked.ok ? [] : checked.error)];
  if (!checked.ok || faults.length > 0) return fail(boundFaults(sortFaults(faults)));
  return ok({ value, checked: checked.value });
}
