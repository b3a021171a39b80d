import { createPwmBackend, openGpioBackend } from '../../drivers/registry.ts';
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

async function drive({ clock }: CliContext, folder: string, plan: OutputPlan): Promise<readonly string[]> {
  using kept = await takeOverLines(folder, clock);
  const planned = plan.outputs.filter(({ level, line }) => level !== undefined || kept.has(line));
  const gpio = await openGpioBackend(plan.gpio, kept);
  const driven = await driveOutputs(gpio, planned, clock);
  const outputs = driven.flatMap(({ output }) => output ?? []);
  // Without a goodbye: with the end of this process a guard begins to keep the lines where it can.
  if (outputs.some(({ held }) => held !== undefined))
    startGuard({ clock, log: silentLog }, guardCommand(), folder, plan).hold(outputs);
  else for (const output of outputs) await output[Symbol.asyncDispose]();
  const powers = await drivePowers(createPwmBackend(plan.gpio), plan.powers);
  return [...driven, ...powers].map(({ detail }) => detail);
}
