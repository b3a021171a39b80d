import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { adviseOnName } from '../../../drivers/serial/stable-name.ts';
import { createSystemFolders } from '../../support/system-folders.ts';

const adapter = { place: '1-1', vendorId: '0403', productId: '6001', ttys: ['ttyUSB0'] };

test('the advice on an unstable name is the one that stays', async () => {
  const system = createSystemFolders();
  system.plug(adapter);
  const byId = path.join(system.dev, 'serial', 'by-id');
  mkdirSync(byId, { recursive: true });
  symlinkSync('../../gone', path.join(byId, 'usb-A_dangling-if00-port0'));
  symlinkSync('../../ttyUSB0', path.join(byId, 'usb-FTDI_FT232R_A50285BI-if00-port0'));
  expect(await adviseOnName('/dev/ttyUSB0', system)).toBe(
    '/dev/ttyUSB0 can be another device after the next start or plugging in; write port: /dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0',
  );
});

test('without udev the advice is to name vendor and product', async () => {
  const system = createSystemFolders();
  system.plug(adapter);
  expect(await adviseOnName('/dev/ttyUSB0', system)).toMatch(/write port: \{ vendorId: …, productId: … \}$/);
});

test.for(['/dev/ttyAMA0', '/dev/ttyS0', '/dev/serial/by-id/usb-x', '/dev/pts/4', 'simulated:/run/x.sock'])(
  'there is nothing to say about %s',
  async (name) => {
    expect(await adviseOnName(name, createSystemFolders())).toBeUndefined();
  },
);
