import type { Value } from '../../qn/message.ts';
import { type ChangeOutcome, refusalOf } from '../change/change.ts';
import { type ConfigPlan, isEmptyPlan } from '../change/plan.ts';
import { formatFault } from '../fault.ts';
import { localAuthor } from '../generations/boot-config.ts';
import type { Origin } from '../generations/generation.ts';
import type { Candidate, ConfigHome } from '../home.ts';
import type { ConfigChanges } from './config-changes.ts';

/** What somebody on the board wants. */
export type LocalWish =
  /** Absent file: the config file of the board. */
  | { readonly do: 'reload'; readonly file?: string; readonly isDryRun: boolean }
  | { readonly do: 'rollback'; readonly isDryRun: boolean };

export interface LocalAnswer {
  readonly status: 'planned' | 'unchanged' | ChangeOutcome['status'];
  /** That runs now. */
  readonly version: number;
  readonly plan?: ConfigPlan;
  readonly reason?: string;
  readonly detail?: string;
  readonly rollback?: string;
  readonly faults?: readonly string[];
}

/** A change that comes from the board itself: the same as over the air, without a token. */
export async function changeLocally(changes: ConfigChanges, home: ConfigHome, wish: LocalWish): Promise<LocalAnswer> {
  const found = await candidateOf(home, wish);
  const { version } = changes.running;
  if (!('value' in found)) return { status: 'rejected', version, ...found };
  const plan = changes.plan(found);
  const refusal = refusalOf(plan);
  if (refusal !== undefined) return { status: 'rejected', version, plan, ...refusal };
  if (wish.isDryRun) return { status: 'planned', version, plan };
  if (isEmptyPlan(plan) && wish.do === 'reload') return { status: 'unchanged', version, plan };
  const origin: Origin = wish.do;
  const outcome = await changes.take(found, changes.localClaim(localAuthor, origin));
  if (outcome.status !== 'aborted') await changes.told();
  return { ...answerOf(outcome), version: changes.running.version, plan };
}

type Found = Candidate | { readonly faults: readonly string[] } | { readonly detail: string };

async function candidateOf(home: ConfigHome, wish: LocalWish): Promise<Found> {
  if (wish.do === 'reload') {
    const loaded = await home.load(wish.file);
    return loaded.ok ? loaded.value : { faults: loaded.error.map(formatFault) };
  }
  const value: Value | undefined = home.keeper.previous?.value;
  if (value === undefined) return { detail: 'this board keeps no config of before' };
  const checked = await home.check(value);
  return checked.ok ? checked.value : { faults: checked.error.map(formatFault) };
}

function answerOf(outcome: ChangeOutcome): Omit<LocalAnswer, 'version'> {
  if (outcome.status === 'successful') return { status: 'successful' };
  if (outcome.status === 'aborted') return { status: 'aborted', detail: 'the agent stops' };
  const { reason, detail } = outcome.refusal;
  const rollback = outcome.status === 'failed' ? { rollback: outcome.rollback } : {};
  return { status: outcome.status, reason, detail, ...rollback };
}
