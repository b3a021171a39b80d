import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemDriverClock } from '../../drivers/clock.ts';
import { serialSettings8N1 } from '../../drivers/contract/byte-port.ts';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { openBytePort, openGpioBackend } from '../../drivers/registry.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { createSystemFolders } from '../support/system-folders.ts';
import { valueOf } from '../support/value-of.ts';

const hasGpio = existsSync('/sys/class/gpio') || existsSync('/dev/gpiochip0');

test.skipIf(hasGpio)(
  'auto never pretends: without GPIO it is absent and the fix is to ask for a simulation',
  async () => {
    const opened = await openGpioBackend({ backend: 'auto' });
    expect(opened).toMatchObject({
      ok: false,
      error: { kind: 'absent', operation: 'open', fix: 'set gpio.backend: simulated to try it without hardware' },
    });
  },
);

test('a board in the config does not turn auto into a simulation', async () => {
  const opened = await openGpioBackend({ backend: 'auto', board: tmpdir() });
  expect(opened.ok && opened.value.name === 'simulated').toBe(false);
});

test.skipIf(hasGpio)('gpiochip is absent without a chip, and no other backend takes its place', async () => {
  const opened = await openGpioBackend({ backend: 'gpiochip' });
  expect(opened).toMatchObject({ ok: false, error: { kind: 'absent', detail: 'there is no GPIO chip in /dev' } });
});

test('simulated without a board has every line, in memory', async () => {
  await using backend = valueOf(await openGpioBackend({ backend: 'simulated' }));
  await using output = valueOf(await backend.openOutput({ line: 'GPIO17', initial: 1, consumer: 'qn-agent' }));
  expect(output.readBack()).toEqual({ ok: true, value: 1 });
});

test('simulated with a board drives the files of that folder', async () => {
  const board = mkdtempSync(join(tmpdir(), 'board-'));
  onTestFinished(() => rmSync(board, { recursive: true }));
  createSimulatedBoard(board, ['GPIO17']);
  await using backend = valueOf(await openGpioBackend({ backend: 'simulated', board }));
  await using _output = valueOf(await backend.openOutput({ line: 'GPIO17', initial: 1, consumer: 'qn-agent' }));
  expect(readFileSync(join(board, 'GPIO17', 'value'), 'utf8')).toBe('1\n');
});

test('a device path is opened as a serial port', async () => {
  const opened = await openBytePort('/dev/ttyNONE0', serialSettings8N1);
  expect(opened).toMatchObject({
    ok: false,
    error: { kind: 'absent', fix: expect.stringContaining('/dev/serial/by-id') },
  });
});

test('a USB address that no adapter fits is absent, and says what there is', async () => {
  const system = createSystemFolders();
  system.plug({ place: '1-1', vendorId: '10c4', productId: 'ea60', ttys: ['ttyUSB0'] });
  expect(await openBytePort('usb:0403:6001', serialSettings8N1, systemDriverClock, system)).toMatchObject({
    ok: false,
    error: { kind: 'absent', operation: 'find', detail: expect.stringContaining('10c4:ea60') },
  });
});

test.skipIf(ptyMissing !== undefined)(
  `a USB address is looked for at each opening, so the adapter may come back under another name${ptyMissing === undefined ? '' : ` (${ptyMissing})`}`,
  async () => {
    const system = createSystemFolders();
    for (const name of ['ttyUSB0', 'ttyUSB1']) {
      const pair = await openPtyPair();
      onTestFinished(() => pair[Symbol.asyncDispose]());
      system.plug({ place: '1-1', vendorId: '0403', productId: '6001', ttys: [name] });
      rmSync(join(system.dev, name));
      symlinkSync(pair.left, join(system.dev, name));
      await using port = valueOf(await openBytePort('usb:0403:6001', serialSettings8N1, systemDriverClock, system));
      expect(port.resource).toBe(`usb:0403:6001 at ${system.dev}/${name}`);
      expect(await port.write(Buffer.from('x'), 1_000)).toEqual({ ok: true });
      rmSync(join(system.sys, 'class', 'tty', name), { recursive: true });
    }
  },
);
