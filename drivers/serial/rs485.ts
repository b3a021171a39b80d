import type { Rs485Settings } from '../contract/byte-port.ts';
import { fail, ok, type Result } from '../contract/result.ts';
import { loadNativeGpio, type NativeGpio } from '../native/addon.ts';
import { nativeCause } from '../native/native-cause.ts';
import { driverError, systemError } from '../system-error.ts';

/** SER_RS485_* of linux/serial.h. */
const flagBits = { enabled: 1, rtsOnSend: 2, rtsAfterSend: 4, receiveDuringSend: 16 } as const;

const fixes = {
  unsupported:
    'remove rs485 and use an adapter that switches by itself, or a port whose driver has the mode, as ttyAMA0',
  'out-of-range': 'remove what the driver of this port does not have',
};

/**
 * Has the driver of an open port switch the direction of the line. A port without this mode is `unsupported`; so is one that
 * takes the mode, but not all of what was asked for: a bus on which two speak at once works now and then.
 */
export function setRs485(
  fd: number,
  resource: string,
  settings: Rs485Settings,
  load: () => Result<Pick<NativeGpio, 'setRs485'>> = loadNativeGpio,
): Result<void> {
  const failed = { operation: 'open', resource, fixes };
  const native = load();
  if (!native.ok) return fail({ ...native.error, resource });
  const { rtsOnSend, echo, beforeMs, afterMs } = settings;
  const flags =
    flagBits.enabled |
    (rtsOnSend ? flagBits.rtsOnSend : flagBits.rtsAfterSend) |
    (echo ? flagBits.receiveDuringSend : 0);
  const taken = native.value.setRs485(fd, flags, beforeMs, afterMs);
  if (!taken.ok) {
    const cause = nativeCause(taken);
    if (taken.code === 'ENOTTY') return fail(driverError('unsupported', failed, 'this port has no RS-485 mode', cause));
    return fail(
      taken.code === 'EINVAL' ? driverError('out-of-range', failed, cause.message, cause) : systemError(cause, failed),
    );
  }
  const { value } = taken;
  if (value.flags === flags && value.beforeMs === beforeMs && value.afterMs === afterMs) return ok();
  const is = `flags ${value.flags}, before ${value.beforeMs}ms, after ${value.afterMs}ms`;
  const asked = `flags ${flags}, before ${beforeMs}ms, after ${afterMs}ms`;
  return fail(driverError('unsupported', failed, `its driver took ${is} instead of ${asked}`));
}
