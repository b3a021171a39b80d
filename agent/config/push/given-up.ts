import type { Value } from '../../qn/message.ts';
import type { Refusal } from '../../qn/reason.ts';
import { contentOf } from '../generations/generation.ts';
import type { ConfigKeeper } from '../generations/keeper.ts';
import { failedChangesMax } from '../limits.ts';

/**
 * Why a retained push must not bring this config (QN-7.1b): it comes with each connection, also with the one behind the
 * crash or the rollback that the config led to, and so it would for ever.
 */
export function givenUp(
  { boots, history }: Pick<ConfigKeeper, 'boots' | 'history'>,
  value: Value,
): Refusal | undefined {
  const content = contentOf(value);
  if (boots.failed.includes(content)) return refusalOf('it brought the agent down again and again');
  const ends = history.filter(({ to }) => to === content);
  const sinceGood = ends.slice(ends.findLastIndex(({ status }) => status === 'successful') + 1);
  const failed = sinceGood.filter(({ rollback = 'not-needed' }) => rollback !== 'not-needed');
  if (failed.length < failedChangesMax) return undefined;
  return refusalOf(`it failed ${failed.length} times, at last: ${failed.at(-1)?.detail ?? 'the reason is not known'}`);
}

function refusalOf(why: string): Refusal {
  const fix = 'send it once more while the board is there, or retain another one in its place';
  return { reason: 'rolled-back', detail: `this retained config was given up, ${why}; ${fix}` };
}
