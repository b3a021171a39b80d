import { expect, test } from 'vitest';
import { findUsbPort } from '../../../drivers/serial/usb-port.ts';
import { createSystemFolders } from '../../support/system-folders.ts';

const ftdi = { vendorId: '0403', productId: '6001' } as const;

test('an adapter is found by vendor and product, whatever its number is', async () => {
  const system = createSystemFolders();
  system.plug({ place: '1-1', vendorId: '10c4', productId: 'ea60', serial: '0001', ttys: ['ttyUSB0'] });
  system.plug({ place: '1-2', ...ftdi, serial: 'A50285BI', ttys: ['ttyUSB7'] });
  expect(await findUsbPort(ftdi, system)).toEqual({ ok: true, value: `${system.dev}/ttyUSB7` });
});

test('a modem class device, whose tty belongs to the interface itself, is found too', async () => {
  const system = createSystemFolders();
  system.plug({ place: '1-1.4', vendorId: '2341', productId: '0043', ttys: ['ttyACM0'] });
  const found = await findUsbPort({ vendorId: '2341', productId: '0043' }, system);
  expect(found).toEqual({ ok: true, value: `${system.dev}/ttyACM0` });
});

test('of two equal adapters the serial number picks one', async () => {
  const system = createSystemFolders();
  system.plug({ place: '1-1', ...ftdi, serial: 'AAA', ttys: ['ttyUSB0'] });
  system.plug({ place: '1-2', ...ftdi, serial: 'BBB', ttys: ['ttyUSB1'] });
  const found = await findUsbPort({ ...ftdi, serialNumber: 'BBB' }, system);
  expect(found).toEqual({ ok: true, value: `${system.dev}/ttyUSB1` });
});

test('two that fit are listed, and the serial number is the way out', async () => {
  const system = createSystemFolders();
  system.plug({ place: '1-1', ...ftdi, serial: 'AAA', ttys: ['ttyUSB0'] });
  system.plug({ place: '1-2', ...ftdi, serial: 'BBB', ttys: ['ttyUSB1'] });
  expect(await findUsbPort(ftdi, system)).toMatchObject({
    ok: false,
    error: {
      kind: 'absent',
      operation: 'find',
      resource: 'usb:0403:6001',
      detail: `2 serial ports fit: ${system.dev}/ttyUSB0 (0403:6001 serial AAA), ${system.dev}/ttyUSB1 (0403:6001 serial BBB)`,
      fix: 'add the serialNumber of the one you mean',
    },
  });
});

test('an adapter with two ports fits twice, and no serial number can help', async () => {
  const system = createSystemFolders();
  system.plug({ place: '1-1', ...ftdi, serial: 'AAA', ttys: ['ttyUSB0', 'ttyUSB1'] });
  expect(await findUsbPort({ ...ftdi, serialNumber: 'AAA' }, system)).toMatchObject({
    ok: false,
    error: { kind: 'absent', fix: expect.stringContaining('/dev/serial/by-path') },
  });
});

test('when none fits the error lists what there is', async () => {
  const system = createSystemFolders();
  system.plug({ place: '1-1', vendorId: '10c4', productId: 'ea60', ttys: ['ttyUSB0'] });
  const found = await findUsbPort({ ...ftdi, serialNumber: 'X' }, system);
  const detail = `no serial port fits; there is ${system.dev}/ttyUSB0 (10c4:ea60)`;
  expect(found).toMatchObject({ ok: false, error: { kind: 'absent', resource: 'usb:0403:6001:X', detail } });
});

test('a board without any adapter says so', async () => {
  expect(await findUsbPort(ftdi, createSystemFolders())).toMatchObject({
    ok: false,
    error: { kind: 'absent', detail: 'no serial port fits; there is no serial port on USB at all' },
  });
});

test('a long list is cut, and the rest counted', async () => {
  const system = createSystemFolders();
  for (let index = 0; index < 9; index += 1) system.plug({ place: `1-${index}`, ...ftdi, ttys: [`ttyUSB${index}`] });
  const found = await findUsbPort(ftdi, system);
  expect(found).toMatchObject({
    ok: false,
    error: { detail: expect.stringMatching(/^9 serial ports fit: .* 1 more$/) },
  });
});
