import type { MonotonicClock } from '../../drivers/clock.ts';
import type { Driven } from './drive-outputs.ts';
import type { PlannedOutput } from './output-plan.ts';

/** An output that goes to its level later: off, when its longest time on is over, or on, after the dead time of its group. */
export interface PlannedChange {
  readonly output: PlannedOutput;
  /** By the monotonic clock of the system. */
  readonly atMs: number;
}

/**
 * Drives all outputs but those that go on in an interlock group; and then these, where the others of the group were off for
 * long enough. Else they are to go on `later`, from now where nobody knows; where one may be on yet they are left as they are.
 */
export async function driveInOrder(
  outputs: readonly PlannedOutput[],
  clock: MonotonicClock,
  drive: (some: readonly PlannedOutput[]) => Promise<readonly Driven[]>,
): Promise<{ readonly driven: readonly Driven[]; readonly later: readonly PlannedChange[] }> {
  const first = await drive(outputs.filter(({ deadTime }) => deadTime === undefined));
  const rows = new Map(first.map((row) => [row.document, row]));
  const atOnce: PlannedOutput[] = [];
  const leftOut: Driven[] = [];
  const later: PlannedChange[] = [];
  for (const output of outputs) {
    const { document, deadTime } = output;
    if (deadTime === undefined) continue;
    const { after, forMs, offMs = Number.NEGATIVE_INFINITY } = deadTime;
    const nowMs = clock.monotonicMs();
    const wereOff = after.every((name) => rows.get(name)?.hadLevel);
    const atMs = forMs + (wereOff ? Math.min(offMs, nowMs) : nowMs);
    const other = after.find((name) => rows.get(name)?.isDriven !== true);
    if (other !== undefined)
      leftOut.push({ document, isDriven: false, detail: `${document} is left as it is: ${other} may be on` });
    else if (atMs > nowMs) later.push({ output, atMs });
    else atOnce.push(output);
  }
  return { driven: [...first, ...(await drive(atOnce)), ...leftOut], later };
}
