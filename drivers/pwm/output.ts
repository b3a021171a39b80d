import { createAccess } from '../access.ts';
import type { PwmOutput } from '../contract/pwm.ts';
import { fail } from '../contract/result.ts';
import { driverError } from '../system-error.ts';

/** A channel that runs. Both throw what the system said. */
export interface PwmChannel {
  setDuty(duty: number): void;
  duty(): number;
}

/** The part of the PwmOutput contract that is the same everywhere: the range of a duty, and one end. */
export function createPwmOutput(resource: string, channel: PwmChannel, release: () => void): PwmOutput {
  const access = createAccess(resource, release);
  return {
    resource,
    write(duty) {
      if (duty >= 0 && duty <= 1) return access.attempt('write', () => channel.setDuty(duty));
      const detail = `not a duty from 0 to 1: ${duty}`;
      return fail(driverError('out-of-range', { operation: 'write', resource }, detail));
    },
    readBack: () => access.attempt('read', () => channel.duty()),
    [Symbol.asyncDispose]: access.close,
  };
}
