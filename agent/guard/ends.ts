import { pause } from '../../drivers/clock.ts';
import { type DigitalOutput, formatLine } from '../../drivers/contract/digital.ts';
import { safeRetryMs } from '../limits.ts';
import { driveAlone, type OpeningDependencies } from './drive-outputs.ts';
import type { AgentEnd, OutputPlan, PlannedOutput } from './output-plan.ts';

/** An output that may still be on, and when that has to be over. */
export interface PlannedEnd {
  readonly off: PlannedOutput;
  /** By the monotonic clock of the system. */
  readonly atMs: number;
}

/** `limits`: of the outputs that were on when the agent ended. One that the plan switches on has its time from now. */
export function endsOf(
  plan: OutputPlan,
  after: AgentEnd,
  limits: ReadonlyMap<string, number>,
  nowMs: number,
): readonly PlannedEnd[] {
  return plan.limits.flatMap((limit): PlannedEnd[] => {
    const { document, line, level, forMs } = limit;
    const driven = after === 'exit' ? undefined : plan.outputs.find((output) => output.document === document)?.level;
    const isDrivenOn = driven !== undefined && driven !== level;
    const atMs = limits.get(document) ?? (isDrivenOn ? nowMs + forMs : undefined);
    if (!limit.after.includes(after) || driven === level || atMs === undefined) return [];
    return [{ off: { document, line, level }, atMs }];
  });
}

/** Resolves when all are off, or were given up. `kept`: the lines that we hold; the others are opened for it. */
export async function bringDown(
  dependencies: OpeningDependencies,
  plan: OutputPlan,
  ends: readonly PlannedEnd[],
  kept: readonly DigitalOutput[],
): Promise<void> {
  const { clock } = dependencies;
  const bring = async ({ off, atMs }: PlannedEnd) => {
    await pause(clock, Math.max(0, atMs - clock.monotonicMs()));
    const held = kept.find(({ resource }) => resource === formatLine(off.line));
    if (held === undefined) return void (await driveAlone(dependencies, plan.gpio, [off])); // Busy: it is the next agent's.
    while (off.level !== undefined && !held.write(off.level).ok) await pause(clock, safeRetryMs);
  };
  await Promise.all(ends.map(bring));
}

export function describeEnd({ off, atMs }: PlannedEnd, nowMs: number): string {
  const inS = Math.max(0, Math.round((atMs - nowMs) / 100)) / 10;
  return `${off.document} (${formatLine(off.line)}) to ${off.level === 1 ? 'high' : 'low'} in ${inS} s`;
}
