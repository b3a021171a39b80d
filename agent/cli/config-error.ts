import { createPwmBackend, openGpioBackend } from '../../drivers/registry.ts';
import { sleep } from '../clock.ts';
import { recallDocuments } from '../documents/memory-file.ts';
import { limitLeft } from '../documents/on-limit.ts';
import { driveInOrder, type PlannedChange } from '../guard/dead-time.ts';
import { driveOutputs, drivePowers } from '../guard/drive-outputs.ts';
import { guardCommand } from '../guard/guard-command.ts';
import { startGuard } from '../guard/guarded.ts';
import { takeOverLines } from '../guard/handover.ts';
import { readLastGood } from '../guard/last-good.ts';
import { type OutputPlan, parsePlan } from '../guard/output-plan.ts';
import { silentLog } from '../log.ts';
import { stateFolderOf } from './state-folder.ts';
import type { CliContext } from './verb.ts';

/** Brings the outputs into their config-error state. Lines that a running agent holds stay with it. */
export async function driveConfigErrorStates(context: CliContext, configPath: string): Promise<void> {
  const folder = await stateFolderOf(context, configPath);
  const plan = parsePlan((await readLastGood(folder)) ?? '');
  if (plan === undefined || plan.outputs.length + plan.powers.length === 0) return;
  for (const line of await drive(context, folder, plan)) context.err(`config error: ${line}`);
}

async function drive({ clock, signal }: CliContext, folder: string, plan: OutputPlan): Promise<readonly string[]> {
  const offMs = clock.monotonicMs(); // As with each start, any output may have gone off a moment ago.
  using kept = await takeOverLines(folder, clock);
  const planned = plan.outputs
    .filter(({ level, line }) => level !== undefined || kept.has(line))
    .map((output) => (output.deadTime ? { ...output, deadTime: { ...output.deadTime, offMs } } : output));
  const gpio = await openGpioBackend(plan.gpio, kept);
  const inOrder = driveInOrder(planned, clock, (some) => driveOutputs(gpio, some, clock));
  const powers = await drivePowers(createPwmBackend(plan.gpio), plan.powers);
  const { driven: first, later } = await inOrder;
  const goOn = async ({ output, atMs }: PlannedChange) => {
    const leftMs = () => atMs - clock.monotonicMs();
    while (leftMs() > 0 && !signal.aborted) await sleep(clock, leftMs(), signal);
    if (!signal.aborted) return await driveOutputs(gpio, [output], clock);
    const { document } = output;
    return [{ document, isDriven: false, detail: `${document} is left as it is: told to end` }];
  };
  const driven = [...first, ...(await Promise.all(later.map(goOn))).flat()];
  const outputs = driven.flatMap(({ output }) => output ?? []);
  const isOpen = (name: string) => driven.some(({ document, output }) => document === name && output !== undefined);
  const recalled = await recallDocuments(folder, silentLog);
  // A line that keeps its level by itself is not opened to be held; it is on where its agent left it so.
  const isLeftOn = (name: string) => name in recalled && !plan.outputs.some(({ document }) => document === name);
  const limits = plan.limits.filter(
    ({ document, after }) => after.includes(plan.situation) && (isOpen(document) || isLeftOn(document)),
  );
  // The guard has what it can keep, for so long as it may, also where this process goes on with the safe mode.
  if (limits.length > 0 || outputs.some(({ held }) => held !== undefined)) {
    const guarded = startGuard({ clock, log: silentLog }, guardCommand(), folder, plan);
    guarded.hold(outputs);
    for (const { document, forMs } of limits)
      guarded.limit(document, limitLeft(recalled[document], forMs, clock.wallMs()));
    guarded.leave();
  }
  for (const output of outputs) await output[Symbol.asyncDispose]();
  return [...driven, ...powers].map(({ detail }) => detail);
}
