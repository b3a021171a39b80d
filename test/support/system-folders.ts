import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { SystemFolders } from '../../drivers/serial/system-folders.ts';

export interface UsbDevice {
  /** `1-1.2`: where it is plugged in. */
  readonly place: string;
  readonly vendorId: string;
  readonly productId: string;
  readonly serial?: string;
  /** `ttyUSB0`, `ttyACM0`; the former are ports below an interface, the latter belong to the interface itself. */
  readonly ttys: readonly string[];
}

export interface FakeSystem extends SystemFolders {
  plug(device: UsbDevice): void;
}

/** The part of sysfs and /dev that is read, laid out as Linux does it. */
export function createSystemFolders(): FakeSystem {
  const root = mkdtempSync(path.join(tmpdir(), 'system-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const folders = { sys: path.join(root, 'sys'), dev: path.join(root, 'dev'), proc: path.join(root, 'proc') };
  const classFolder = path.join(folders.sys, 'class', 'tty');
  for (const folder of [classFolder, folders.dev, folders.proc]) mkdirSync(folder, { recursive: true });
  for (const name of ['tty', 'tty0', 'console', 'ptmx']) mkdirSync(path.join(classFolder, name));
  const soldered = path.join(folders.sys, 'devices', 'platform', 'serial8250');
  for (const folder of [soldered, path.join(classFolder, 'ttyS0')]) mkdirSync(folder, { recursive: true });
  symlinkSync(soldered, path.join(classFolder, 'ttyS0', 'device'));
  return {
    ...folders,
    plug({ place, vendorId, productId, serial, ttys }) {
      const usb = path.join(folders.sys, 'devices', 'pci0000:00', 'usb1', place);
      mkdirSync(usb, { recursive: true });
      writeFileSync(path.join(usb, 'idVendor'), `${vendorId}\n`);
      writeFileSync(path.join(usb, 'idProduct'), `${productId}\n`);
      if (serial !== undefined) writeFileSync(path.join(usb, 'serial'), `${serial}\n`);
      for (const [index, name] of ttys.entries()) {
        const usbInterface = path.join(usb, `${place}:1.${index}`);
        const device = name.startsWith('ttyUSB') ? path.join(usbInterface, name) : usbInterface;
        mkdirSync(device, { recursive: true });
        mkdirSync(path.join(classFolder, name), { recursive: true });
        symlinkSync(device, path.join(classFolder, name, 'device'));
        writeFileSync(path.join(folders.dev, name), '');
      }
    },
  };
}
