import type { DriverError } from '../../drivers/contract/result.ts';
import type { GpioOutConfig } from '../config/config.ts';
import type { Refusal } from '../qn/reason.ts';

export function interlockedRefusal({ interlock }: GpioOutConfig, heldBy: string): Refusal {
  const group = interlock?.group ?? '';
  const detail = `${heldBy} of the interlock group ${group} is on; switch it off first, or set interlock-policy: switch`;
  return { reason: 'interlocked', detail };
}

export function closedOutputError(resource: string): DriverError {
  return { kind: 'closed', operation: 'write', resource, detail: 'the output was closed before' };
}
