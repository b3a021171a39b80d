import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Result } from '../contract/result.ts';
import { portCandidatesCountMax, usbFolderDepthMax } from '../limits.ts';
import { codeOf, driverError, systemError } from '../system-error.ts';
import type { SystemFolders } from './system-folders.ts';

/** What a USB adapter says of itself. Vendor and product as four hex digits in lower case. */
export interface UsbPortAddress {
  readonly vendorId: string;
  readonly productId: string;
  readonly serialNumber?: string;
}

/** `usb:0403:6001`, `usb:0403:6001:A50285BI`. */
export function formatUsbPort({ vendorId, productId, serialNumber }: UsbPortAddress): string {
  return ['usb', vendorId, productId, ...(serialNumber === undefined ? [] : [serialNumber])].join(':');
}

/** Undefined for any other resource. */
export function parseUsbPort(resource: string): UsbPortAddress | undefined {
  const [, vendorId, productId, serialNumber] = /^usb:([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?$/.exec(resource) ?? [];
  if (vendorId === undefined || productId === undefined) return undefined;
  return { vendorId, productId, ...(serialNumber !== undefined && { serialNumber }) };
}

/** A serial port on USB, as sysfs shows it (Documentation/ABI/testing/sysfs-bus-usb). */
export interface UsbPort {
  /** `/dev/ttyUSB0`: right now, and maybe not after the next start. */
  readonly device: string;
  readonly vendorId: string;
  readonly productId: string;
  /** Cheap adapters have none. */
  readonly serialNumber: string | undefined;
}

/** The device path of the one port that fits. Fails with `absent` when none or several do, and lists what there is. */
export async function findUsbPort(address: UsbPortAddress, folders: SystemFolders): Promise<Result<string>> {
  const resource = formatUsbPort(address);
  try {
    const ports = await listUsbPorts(folders);
    const fitting = ports.filter((port) => fits(port, address));
    const [first, second] = fitting;
    if (first !== undefined && second === undefined) return ok(first.device);
    if (first === undefined) return fail(noneError(resource, ports));
    return fail(severalError(resource, fitting, address));
  } catch (cause) {
    return fail(systemError(cause, { operation: 'find', resource }));
  }
}

export async function listUsbPorts({ sys, dev }: SystemFolders): Promise<readonly UsbPort[]> {
  const folder = path.join(sys, 'class', 'tty');
  const names = (await readdir(folder)).filter((name) => !/^(tty\d*|console|ptmx)$/.test(name)).toSorted();
  const ports: UsbPort[] = [];
  for (const name of names) {
    const usb = await usbFolderOf(path.join(folder, name, 'device'));
    if (usb === undefined) continue;
    const vendorId = await readAttribute(usb, 'idVendor');
    const productId = await readAttribute(usb, 'idProduct');
    if (vendorId === undefined || productId === undefined) continue;
    const serialNumber = await readAttribute(usb, 'serial');
    ports.push({ device: path.join(dev, name), vendorId, productId, serialNumber });
  }
  return ports;
}

/** The device of a tty is an interface, or a port below one; the USB device is some steps up from there. */
async function usbFolderOf(deviceLink: string): Promise<string | undefined> {
  let folder = await ignoreAbsent(realpath(deviceLink));
  for (let depth = 0; folder !== undefined && depth < usbFolderDepthMax; depth += 1) {
    if ((await readAttribute(folder, 'idVendor')) !== undefined) return folder;
    folder = path.dirname(folder);
  }
  return undefined;
}

async function readAttribute(folder: string, name: string): Promise<string | undefined> {
  return (await ignoreAbsent(readFile(path.join(folder, name), 'utf8')))?.trim();
}

/** Devices come and go while they are listed, and most ttys have none. */
async function ignoreAbsent<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENOTDIR') return undefined;
    throw cause;
  }
}

function fits(port: UsbPort, { vendorId, productId, serialNumber }: UsbPortAddress): boolean {
  const isModel = port.vendorId.toLowerCase() === vendorId && port.productId.toLowerCase() === productId;
  return isModel && (serialNumber === undefined || port.serialNumber === serialNumber);
}

function noneError(resource: string, ports: readonly UsbPort[]) {
  const fixes = { absent: 'plug it in, or correct vendorId, productId and serialNumber' };
  const there = ports.length === 0 ? 'there is no serial port on USB at all' : `there is ${listOf(ports)}`;
  return driverError('absent', { operation: 'find', resource, fixes }, `no serial port fits; ${there}`);
}

function severalError(resource: string, ports: readonly UsbPort[], { serialNumber }: UsbPortAddress) {
  const isTold = new Set(ports.map((port) => port.serialNumber)).size === ports.length;
  const absent =
    isTold && serialNumber === undefined
      ? 'add the serialNumber of the one you mean'
      : 'write the path under /dev/serial/by-path instead: it says where it is plugged in';
  const detail = `${ports.length} serial ports fit: ${listOf(ports)}`;
  return driverError('absent', { operation: 'find', resource, fixes: { absent } }, detail);
}

function listOf(ports: readonly UsbPort[]): string {
  const named = ports.slice(0, portCandidatesCountMax).map(({ device, vendorId, productId, serialNumber }) => {
    return `${device} (${vendorId}:${productId}${serialNumber === undefined ? '' : ` serial ${serialNumber}`})`;
  });
  const others = ports.length - named.length;
  return [...named, ...(others > 0 ? [`${others} more`] : [])].join(', ');
}
