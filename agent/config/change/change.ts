import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { sleep } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Refusal } from '../../qn/reason.ts';
import type { Running } from '../../running.ts';
import type { OpenLink } from '../../uplink.ts';
import type { CheckedConfig } from '../check.ts';
import type { Config } from '../config.ts';
import { configLeaseMsMax, configLeaseTryEveryMs } from '../limits.ts';
import type { Changeable, Keeping, Rollback } from './changeable.ts';
import { type ConfigPlan, planChange } from './plan.ts';
import { newFault, proveConfig } from './prove.ts';

export type ChangeOutcome =
  | { readonly status: 'successful' }
  /** Nothing was touched. */
  | { readonly status: 'rejected'; readonly refusal: Refusal }
  | { readonly status: 'failed'; readonly refusal: Refusal; readonly rollback: Rollback }
  /** The agent stops; its next life tells what became of it. */
  | { readonly status: 'aborted' };

export function planOf(parts: Changeable, next: CheckedConfig): ConfigPlan {
  return planChange(parts.running.config, next.config, parts.valueOf);
}

export interface ChangeWish {
  readonly next: CheckedConfig;
  /** It came from a broker: if only for that, one has to be reached again with settings that are changed. */
  readonly isOverAir: boolean;
}

/**
 * Goes over to another config: only what differs is touched. It has to prove itself, or the config of before comes back
 * (QN-7.2). One change at a time.
 */
export async function changeConfig(
  parts: Changeable,
  { next, isOverAir }: ChangeWish,
  keeping: Keeping,
  signal: AbortSignal,
): Promise<ChangeOutcome> {
  const plan = planOf(parts, next);
  const prepared = await prepare(parts, plan, next);
  if (!prepared.ok) return { status: 'rejected', refusal: prepared.error };
  const begun = await keeping.begin();
  if (!begun.ok) {
    const refusal = diskRefusal(begun.error);
    await keeping.abandon(refusal, 'not-needed');
    return { status: 'failed', refusal, rollback: 'not-needed' };
  }
  const busy = await waitForLeases(parts, plan, signal);
  if (signal.aborted) return { status: 'aborted' };
  if (busy !== undefined) {
    await keeping.abandon(busy, 'not-needed');
    return { status: 'rejected', refusal: busy };
  }
  const old = { running: { ...parts.running }, openLink: parts.uplink.openLink, report: parts.report() };
  const needsLink = parts.uplink.isUp || (isOverAir && plan.link.length > 0);
  // Whatever becomes of the change: a line that both configs have is not let go of.
  using _kept = parts.keepLines();
  const fault = await faultOf(parts.log, async () => {
    await apply(parts, plan, next, prepared.value);
    return await proveConfig(parts, { before: old.report, needsLink }, signal);
  });
  if (signal.aborted) return { status: 'aborted' };
  const kept = fault === undefined ? await keeping.commit() : fail('');
  if (kept.ok) {
    forgetGone(parts, plan);
    return { status: 'successful' };
  }
  const refusal = fault ?? diskRefusal(kept.error);
  parts.log.warn({ ...refusal }, 'the new config did not prove itself; the one of before comes back');
  const rollback = await restore(parts, next.config, old);
  forgetGone(parts, plan);
  await keeping.abandon(refusal, rollback);
  return { status: 'failed', refusal, rollback };
}

/** Of what holds for the life of the process (QN-7.2a). */
export function refusalOf({ restart }: ConfigPlan): Refusal | undefined {
  if (restart.length === 0) return undefined;
  const detail = `${restart.join(', ')} cannot change while the agent runs; change the file on the board and restart the agent`;
  return { reason: 'incompatible', detail };
}

/** What can be found out before anything is touched; the way to the brokers, if it is another one. */
async function prepare(
  parts: Changeable,
  plan: ConfigPlan,
  { config }: CheckedConfig,
): Promise<Result<OpenLink | undefined, Refusal>> {
  const refusal = refusalOf(plan);
  if (refusal !== undefined) return fail(refusal);
  if (plan.link.length === 0) return ok(undefined);
  const prepared = await parts.prepareLink(config);
  return prepared.ok ? prepared : fail({ reason: 'incompatible', detail: prepared.error });
}

/** A valve in the middle of its pulse is not cut short; nor is it waited for without end. */
async function waitForLeases(parts: Changeable, plan: ConfigPlan, signal: AbortSignal): Promise<Refusal | undefined> {
  const { clock, lanes, table } = parts;
  const touched = plan.documents.filter(({ how }) => how !== 'relabelled' && how !== 'added');
  const untilMs = clock.monotonicMs() + configLeaseMsMax;
  for (;;) {
    // What stands below a touched document is a channel of its microcontroller, and is closed with it.
    const found = table.found.all().filter((row) => touched.some(({ name }) => row.name.startsWith(`${name}.`)));
    const busy = [...touched, ...found].find(({ name }) => lanes.isBusy(name));
    if (busy === undefined || signal.aborted) return undefined;
    if (clock.monotonicMs() >= untilMs) {
      const detail = `${busy.name} was in the middle of a command for ${configLeaseMsMax} ms; nothing was changed, send it again`;
      return { reason: 'busy', detail };
    }
    await sleep(clock, configLeaseTryEveryMs, signal);
  }
}

async function apply(parts: Changeable, plan: ConfigPlan, next: Running, openLink?: OpenLink): Promise<void> {
  const { running, table, board, lanes, uplink, express } = parts;
  const before = running.config;
  table.use(next.config);
  {
    using _ = lanes.refusePulses(plan.documents.flatMap(({ name, how }) => (how === 'ruled' ? [name] : [])));
    await board.exchange(table.rows, plan.documents);
  }
  running.config = next.config;
  running.hash = next.hash;
  await parts.settle(before);
  if (openLink === undefined) return await express.follow(uplink.openLink);
  const staysThere = next.config.mqtt.brokers.some(({ url }) => url === uplink.broker);
  await uplink.exchange(openLink, table.filters, !staysThere);
  await express.follow(openLink);
}

interface Old {
  readonly running: Running;
  readonly openLink: OpenLink;
  readonly report: ReturnType<Changeable['report']>;
}

/**
 * `from`: what was being applied, which need not run yet. Whoever is in the middle of a command is not waited for: the
 * board has to come back.
 */
async function restore(parts: Changeable, from: Config, { running, openLink, report }: Old): Promise<Rollback> {
  const plan = planChange(from, running.config, parts.valueOf);
  const fault = await faultOf(parts.log, async () => {
    await apply(parts, plan, running, plan.link.length > 0 ? openLink : undefined);
    const detail = newFault(report, await parts.test());
    return detail === undefined ? undefined : { reason: 'self-test-failed', detail };
  });
  if (fault === undefined) return 'restored';
  parts.log.error({ ...fault }, 'the config of before does not work as it did');
  return 'failed';
}

/** Not sooner: what comes back with the config of before, in this life or in the next one, counts on. */
function forgetGone({ running, forget }: Changeable, plan: ConfigPlan): void {
  for (const { name } of plan.documents) if (!(name in running.config.documents)) forget(name);
}

/** A bug in the middle of a change must not leave the board there. */
async function faultOf(log: Log, work: () => Promise<Refusal | undefined>): Promise<Refusal | undefined> {
  try {
    return await work();
  } catch (err) {
    log.error({ err }, 'a change of the config broke off');
    return { reason: 'internal', detail: 'a bug of the agent; see its log' };
  }
}

function diskRefusal(detail: string): Refusal {
  return { reason: 'internal', detail: `the state folder does not keep it: ${detail}` };
}
