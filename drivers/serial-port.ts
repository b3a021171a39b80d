import { accessSync, constants, readSync, writeSync } from 'node:fs';
import { SerialPort } from 'serialport/dist/serialport.js';
import { type DriverClock, systemDriverClock } from './clock.ts';
import type { BytePort, ModemLines, SerialSettings } from './contract/byte-port.ts';
import { type DriverErrorKind, fail, ok, type Result } from './contract/result.ts';
import { serialReadBytesMax, serialReadsPerTurnMax } from './limits.ts';
import { deviceBehind, watchPresence } from './presence.ts';
import { describeHolders } from './serial/port-holder.ts';
import { setRs485 } from './serial/rs485.ts';
import { type SystemFolders, systemFolders } from './serial/system-folders.ts';
import { createTransportPort, type Transport, type TransportPort } from './serial/transport-port.ts';
import { codeOf, driverError, type FailedOperation, systemError } from './system-error.ts';

/**
 * A tty, opened and configured by the serialport package. Reading and writing is done here, on its file descriptor and
 * its poller: the package reads on for ever when a port was unplugged (read gives 0 bytes), and cannot take back what a
 * write that is too late has not sent yet. An unplugged port often says nothing until it is written to: so it is looked
 * for, too. What the device sent before it was opened is thrown away.
 */
export async function openSerialPort(
  resource: string,
  settings: SerialSettings,
  clock: DriverClock = systemDriverClock,
  folders: SystemFolders = systemFolders,
): Promise<Result<BytePort>> {
  try {
    accessSync(resource, constants.R_OK | constants.W_OK); // The package tells its errors as text only.
    const device = deviceBehind(resource);
    const { baud, modem, rs485, ...frame } = settings;
    const tty = await SerialPort.binding.open({ path: resource, baudRate: baud, ...frame, lock: true });
    if (!('poller' in tty)) throw new Error('serial ports need Linux');
    const warning = await prepare(tty, modem);
    const switched = rs485 === undefined || tty.fd === null ? ok() : setRs485(tty.fd, resource, rs485);
    if (!switched.ok) {
      await tty.close();
      return switched;
    }
    const port = { ...attach(resource, tty, device, clock), setModem: modemOf(resource, tty, modem) };
    return ok(warning === undefined ? port : { ...port, warning });
  } catch (cause) {
    const code = codeOf(cause);
    const failed = { operation: 'open', resource, fixes: openFixes(resource, code) };
    if (code !== undefined) return fail(systemError(cause, failed));
    const detail = String(cause)
      .replaceAll('Error: ', '')
      .replace(/^Error /, '');
    const kind = kindOfText(detail);
    const holders = kind === 'busy' ? await describeHolders(resource, folders) : undefined;
    return fail(
      driverError(kind, failed, holders === undefined ? detail : `${detail}; it is open in ${holders}`, cause),
    );
  }
}

/** What was received before, and the modem lines. A pty has neither; that is worth a warning only if it was asked for. */
async function prepare(tty: Tty, modem: ModemLines | undefined): Promise<string | undefined> {
  try {
    await tty.flush();
    if (modem !== undefined) await tty.set({ ...modemLines, ...modem });
    return undefined;
  } catch (cause) {
    return `modem lines and input buffer are as they were: ${String(cause)}`;
  }
}

/** As the kernel opens a port, unless the config says otherwise. The package wants all of them at each call. */
const modemLines = { dtr: true, rts: true, brk: false, cts: false, dsr: false };

function modemOf(resource: string, tty: Tty, opened: ModemLines | undefined): NonNullable<BytePort['setModem']> {
  let lines = { ...modemLines, ...opened };
  return async (wanted) => {
    lines = { ...lines, ...wanted };
    try {
      await tty.set(lines);
      return ok();
    } catch (cause) {
      const failed = { operation: 'set modem lines', resource, fixes: { unsupported: 'it takes a real serial port' } };
      return fail(driverError(kindOfText(String(cause)), failed, String(cause).replaceAll('Error: ', ''), cause));
    }
  };
}

/** The part of the package's Linux port that is used. */
interface Tty {
  readonly fd: number | null;
  readonly poller: TtyPoller;
  flush(): Promise<void>;
  set(lines: { readonly [line in 'dtr' | 'rts' | 'brk' | 'cts' | 'dsr']: boolean }): Promise<void>;
  close(): Promise<void>;
}

interface TtyPoller {
  /** The flags replace those of the call before. */
  poll(flags: number): void;
  on(event: 'readable' | 'writable', listener: (error: Error | null) => void): unknown;
}

const readableFlag = 1;
const writableFlag = 2;

/** `device` is what stood behind the path just before it was opened. */
function attach(resource: string, tty: Tty, device: string | undefined, clock: DriverClock): BytePort {
  let isClosing = false;
  let resume: (() => void) | undefined;
  const arm = () => {
    // The poller tells its end to its listeners; armed again by one of them, it crashes the process.
    if (!isClosing) tty.poller.poll(resume === undefined ? readableFlag : readableFlag | writableFlag);
  };
  const transport: Transport = {
    isDrained: true,
    take: (bytes) => (tty.fd === null ? 0 : (withoutWaiting(tty.fd, (fd) => writeSync(fd, bytes)) ?? 0)),
    whenReady(next) {
      resume = next;
      arm();
    },
    async close() {
      isClosing = true;
      presence[Symbol.dispose]();
      // A port that is unplugged may fail to close; the descriptor is gone either way.
      await tty.close().catch(() => undefined);
    },
  };
  const opened = createTransportPort(resource, transport, clock);
  const presence = watchPresence(resource, device, clock, () => opened.lose('the device is gone'));
  const buffer = Buffer.allocUnsafeSlow(serialReadBytesMax);
  // Armed later and not at once: armed from inside its own callback the poller of Node 26.4 goes deaf.
  tty.poller.on('readable', (error) => {
    readAvailable(tty, buffer, error, opened);
    setImmediate(arm);
  });
  tty.poller.on('writable', () => {
    const next = resume;
    resume = undefined;
    next?.(); // Finds out by itself what is wrong, if something is.
    setImmediate(arm);
  });
  arm();
  return opened.port;
}

function readAvailable(tty: Tty, buffer: Buffer, error: Error | null, { deliver, lose }: TransportPort): void {
  if (error !== null) return lose(error);
  try {
    for (let readsCount = 0; readsCount < serialReadsPerTurnMax && tty.fd !== null; readsCount += 1) {
      const count = withoutWaiting(tty.fd, (fd) => readSync(fd, buffer));
      if (count === undefined) return;
      if (count === 0) return lose('the device hung up');
      deliver(buffer.subarray(0, count));
    }
  } catch (cause) {
    lose(cause);
  }
}

/** Undefined when the call would have had to wait. */
function withoutWaiting(fd: number, call: (fd: number) => number): number | undefined {
  try {
    return call(fd);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'EAGAIN' || code === 'EINTR') return undefined;
    throw cause;
  }
}

function openFixes(resource: string, code: string | undefined): NonNullable<FailedOperation['fixes']> {
  return {
    absent: 'plug it in, or look under /dev/serial/by-id for its name',
    // EPERM is no matter of groups: the sandbox of the service has the device closed.
    denied:
      code === 'EPERM'
        ? `allow it with: systemctl edit qn-agent, [Service] DeviceAllow=${resource} rw, and restart the service`
        : 'add the user to the group dialout, and log in again',
    unsupported: 'give the path of a serial port',
    busy: `find the other program with: fuser -v ${resource}`,
  };
}

const kindOfTexts: readonly (readonly [RegExp, DriverErrorKind])[] = [
  [/inappropriate ioctl/i, 'unsupported'],
  [/cannot lock|busy/i, 'busy'],
  [/baud rate/i, 'out-of-range'],
  [/no such (file|device)/i, 'absent'],
  [/permission denied/i, 'denied'],
];

function kindOfText(detail: string): DriverErrorKind {
  return kindOfTexts.find(([pattern]) => pattern.test(detail))?.[1] ?? 'io';
}
