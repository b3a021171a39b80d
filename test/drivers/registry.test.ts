import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serialSettings8N1 } from '../../drivers/contract/byte-port.ts';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { openBytePort, openGpioBackend } from '../../drivers/registry.ts';
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
