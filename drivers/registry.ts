import { type DriverClock, systemDriverClock } from './clock.ts';
import type { BytePort, SerialSettings } from './contract/byte-port.ts';
import type { GpioBackend } from './contract/digital.ts';
import type { PwmBackend } from './contract/pwm.ts';
import { type DriverError, fail, ok, type Result } from './contract/result.ts';
import { createSimulatedGpio } from './gpio-simulated.ts';
import type { KeptLines } from './gpiochip/kept-lines.ts';
import { nativeFileFix } from './native/addon.ts';
import { createSimulatedPwm, openFolderWaves } from './pwm-simulated.ts';
import { createSysfsPwm } from './pwm-sysfs.ts';
import { openSocketPort } from './serial/socket-port.ts';
import { adviseOnName } from './serial/stable-name.ts';
import { type SystemFolders, systemFolders } from './serial/system-folders.ts';
import { findUsbPort, parseUsbPort } from './serial/usb-port.ts';
import type { openSerialPort } from './serial-port.ts';
import { openFolderBoard } from './simulated/folder-board.ts';
import { createMemoryBoard } from './simulated/memory-board.ts';
import { driverError, systemError } from './system-error.ts';

// Set by the build to leave a driver out of the bundle. A flag must be tested where its driver is loaded, or nothing
// is left out.
declare const __GPIO_CHIP__: boolean;
declare const __GPIO_SYSFS__: boolean;
declare const __SERIAL_PORT__: boolean;

export interface GpioSelection {
  readonly backend: 'auto' | 'gpiochip' | 'sysfs' | 'simulated';
  /** Only for `simulated`: the folder that is the board. Without it the lines live in memory, and every name is one. */
  readonly board?: string;
}

/**
 * `auto` takes the character device, else sysfs, and never pretends: without GPIO it fails. It does not go around a
 * refusal either: who may not use the one should not get the other.
 */
export async function openGpioBackend(selection: GpioSelection, kept?: KeptLines): Promise<Result<GpioBackend>> {
  switch (selection.backend) {
    case 'simulated':
      return ok(createSimulatedGpio(openBoard(selection)));
    case 'gpiochip':
      return await openChips(kept);
    case 'sysfs':
      return await openSysfs();
    case 'auto':
      return await openBest(kept);
  }
}

async function openBest(kept: KeptLines | undefined): Promise<Result<GpioBackend>> {
  const chips = await openChips(kept);
  // With a chip and without our file for it, sysfs would lose what only the chip can do, such as bias and hold.
  return chips.ok || chips.error.kind !== 'absent' ? chips : await openOld(chips.error);
}

async function openOld(chipsError: DriverError): Promise<Result<GpioBackend>> {
  const sysfs = await openSysfs();
  return sysfs.ok || sysfs.error.kind !== 'absent' ? sysfs : fail(nothingError(chipsError, sysfs.error));
}

const simulatedPrefix = 'simulated:';

/** A device path, `simulated:/path/of.sock`, or `usb:vendor:product:serial`, which is looked for at each call. */
export async function openBytePort(
  resource: string,
  settings: SerialSettings,
  clock: DriverClock = systemDriverClock,
  folders: SystemFolders = systemFolders,
): Promise<Result<BytePort>> {
  const usb = parseUsbPort(resource);
  if (usb === undefined) {
    const opened = await openNamedPort(resource, settings, clock);
    return opened.ok ? ok(withWarning(opened.value, await adviseOnName(resource, folders))) : opened;
  }
  const found = await findUsbPort(usb, folders);
  if (!found.ok) return found;
  const opened = await openNamedPort(found.value, settings, clock);
  return opened.ok ? ok({ ...opened.value, resource: `${resource} at ${found.value}` }) : opened;
}

function withWarning(port: BytePort, text: string | undefined): BytePort {
  if (text === undefined) return port;
  return { ...port, warning: port.warning === undefined ? text : `${port.warning}; ${text}` };
}

async function openNamedPort(
  resource: string,
  settings: SerialSettings,
  clock: DriverClock,
): Promise<Result<BytePort>> {
  if (resource.startsWith(simulatedPrefix)) {
    return await openSocketPort(resource, resource.slice(simulatedPrefix.length), clock);
  }
  if (typeof __SERIAL_PORT__ === 'undefined' || __SERIAL_PORT__) {
    const loaded = await loadSerialPort(resource);
    return loaded.ok ? await loaded.value(resource, settings, clock) : loaded;
  }
  const failed = { operation: 'open', resource, fixes: { unsupported: 'install the full build' } };
  return fail(driverError('unsupported', failed, 'this build comes without serial ports'));
}

/** It takes the native file of the serialport package along, which an installation may lack. */
async function loadSerialPort(resource: string): Promise<Result<typeof openSerialPort>> {
  try {
    return ok((await import('./serial-port.ts')).openSerialPort);
  } catch (cause) {
    return fail(systemError(cause, { operation: 'open', resource, fixes: { unsupported: nativeFileFix } }));
  }
}

/** PWM has one interface in the kernel; only a simulated board brings its own. */
export function createPwmBackend({ backend, board }: GpioSelection): PwmBackend {
  if (backend !== 'simulated') return createSysfsPwm();
  return createSimulatedPwm(board === undefined ? undefined : openFolderWaves(board));
}

function openBoard({ board }: GpioSelection) {
  return board === undefined ? createMemoryBoard() : openFolderBoard(board);
}

async function openChips(kept: KeptLines | undefined): Promise<Result<GpioBackend>> {
  if (typeof __GPIO_CHIP__ === 'undefined' || __GPIO_CHIP__) {
    const { openGpioChip } = await import('./gpio-chip.ts');
    return await openGpioChip(kept === undefined ? {} : { kept });
  }
  return fail(gpioError('unsupported', 'this build comes without the gpiochip backend', 'install the full build'));
}

async function openSysfs(): Promise<Result<GpioBackend>> {
  if (typeof __GPIO_SYSFS__ === 'undefined' || __GPIO_SYSFS__) {
    const { openSysfsGpio } = await import('./gpio-sysfs.ts');
    return await openSysfsGpio();
  }
  return fail(gpioError('unsupported', 'this build comes without the sysfs backend', 'install the full build'));
}

function nothingError(chips: DriverError, sysfs: DriverError): DriverError {
  const fix = 'set gpio.backend: simulated to try it without hardware';
  const detail = `this machine has no GPIO the agent can use: ${chips.detail}, and ${sysfs.detail}`;
  return gpioError('absent', detail, fix);
}

function gpioError(kind: 'absent' | 'unsupported', detail: string, fix: string): DriverError {
  return driverError(kind, { operation: 'open', resource: 'gpio', fixes: { [kind]: fix } }, detail);
}
