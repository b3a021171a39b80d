import type { DigitalOutput, Level } from '../../drivers/contract/digital.ts';
import { fail, ok } from '../../drivers/contract/result.ts';

/** An output that the agent has open, and its guard as well. */
export interface HeldOutput extends DigitalOutput {
  readonly written: Level[];
  isClosed: boolean;
}

export interface HeldOutputOptions {
  /** The level it has; absent: that cannot be read. */
  readonly level?: Level;
  /** So many writes fail first. */
  readonly failsCount?: number;
}

export function createHeldOutput(resource: string, { level, failsCount = 0 }: HeldOutputOptions = {}): HeldOutput {
  let failsLeft = failsCount;
  const held: HeldOutput = {
    resource,
    supports: { readBack: level !== undefined },
    written: [],
    isClosed: false,
    write(next) {
      failsLeft -= 1;
      if (failsLeft >= 0) return fail({ kind: 'io', operation: 'write', resource, detail: 'EREMOTEIO' });
      held.written.push(next);
      return ok();
    },
    readBack() {
      const now = held.written.at(-1) ?? level;
      return now === undefined ? fail({ kind: 'io', operation: 'read', resource, detail: 'EREMOTEIO' }) : ok(now);
    },
    async [Symbol.asyncDispose]() {
      held.isClosed = true;
    },
  };
  return held;
}
