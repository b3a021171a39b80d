import { pause, pauseUntil } from '../../drivers/clock.ts';
import { type DigitalOutput, formatLine } from '../../drivers/contract/digital.ts';
import { safeRetryMs } from '../limits.ts';
import type { PlannedChange } from './dead-time.ts';
import { driveAlone, type OpeningDependencies } from './drive-outputs.ts';
import { type AgentEnd, describeOutput, type OutputPlan } from './output-plan.ts';

/**
 * Outputs that may still be on, and when that has to be over. `limits`: of those that were on when the agent ended. One that
 * the plan switches on has its time from now, or from when it goes on `later`.
 */
export function endsOf(
  plan: OutputPlan,
  after: AgentEnd,
  limits: ReadonlyMap<string, number>,
  nowMs: number,
  later: readonly PlannedChange[],
): readonly PlannedChange[] {
  return plan.limits.flatMap((limit): PlannedChange[] => {
    const { document, line, level, forMs } = limit;
    const driven = after === 'exit' ? undefined : plan.outputs.find((output) => output.document === document)?.level;
    const isDrivenOn = driven !== undefined && driven !== level;
    const onMs = later.find(({ output }) => output.document === document)?.atMs;
    const begunMs = onMs ?? (isDrivenOn ? nowMs : undefined);
    const limitMs = onMs === undefined ? limits.get(document) : undefined;
    const atMs = limitMs ?? (begunMs === undefined ? undefined : begunMs + forMs);
    if (!limit.after.includes(after) || driven === level || atMs === undefined) return [];
    return [{ output: { document, line, level }, atMs }];
  });
}

/** Resolves when all are there, or were given up. `kept`: the lines that we hold; the others are opened for it. */
export async function driveLater(
  dependencies: OpeningDependencies,
  plan: OutputPlan,
  later: readonly PlannedChange[],
  kept: readonly DigitalOutput[],
): Promise<void> {
  const { clock } = dependencies;
  const drive = async ({ output, atMs }: PlannedChange) => {
    await pauseUntil(clock, atMs);
    const held = kept.find(({ resource }) => resource === formatLine(output.line));
    if (held === undefined) return void (await driveAlone(dependencies, plan.gpio, [output])); // Busy: it is the next agent's.
    const { level, deadTime } = output;
    const isOver = () => level === undefined || held.write(level).ok || deadTime !== undefined; // On is tried once only.
    while (!isOver()) await pause(clock, safeRetryMs);
  };
  await Promise.all(later.map(drive));
}

export function describeChange({ output, atMs }: PlannedChange, nowMs: number): string {
  return `${describeOutput(output)} in ${Math.max(0, Math.round((atMs - nowMs) / 100)) / 10} s`;
}
