import { fail, ok, type Result } from '../contract/result.ts';
import { systemError } from '../system-error.ts';
import type { NativeGpio } from './addon.ts';
import { nativeCause } from './native-cause.ts';

/**
 * Tells the service manager how we are (sd_notify(3)): `READY=1`, `WATCHDOG=1`, `STATUS=…`, one per line. `address` is
 * NOTIFY_SOCKET as systemd gives it. Not promised: that systemd has read it.
 */
export function sdNotify(native: Pick<NativeGpio, 'sdNotify'>, address: string, text: string): Result<void> {
  const sent = native.sdNotify(address, text);
  if (sent.ok) return ok();
  const fixes = { absent: 'start the agent as a systemd service of Type=notify, or unset NOTIFY_SOCKET' };
  return fail(systemError(nativeCause(sent), { operation: 'notify', resource: address, fixes }));
}
