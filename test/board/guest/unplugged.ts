import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { openGuardedInput } from '../../../agent/documents/guarded-input.ts';
import { openGpioChip } from '../../../drivers/gpio-chip.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';
import { openRelayBoard, type Relay } from './relay-board.ts';
import { createSimulatedChip } from './sim.ts';

const comesBackMsMax = 30_000;

/** Lines that go with their chip. */
export function unplugged(): void {
  const chip = createSimulatedChip({ label: 'stick', lineNames: [''] });

  describe('a chip that is unplugged, on a real kernel', () => {
    test('its input fails, and is observed again when the chip is back', async () => {
      const told: string[] = [];
      const gpio = valueOf(await openGpioChip());
      const request = { line: { chip: 'stick', offset: 0 }, bias: 'as-is', consumer: 'test' } as const;
      const storm = { ratePerS: 500, windowMs: 1_000, retryMs: 100 };
      const opened = await openGuardedInput({ clock: systemClock, gpio }, request, storm, {
        edge: ({ level }) => told.push(`edge ${level}`),
        found: () => told.push('found'),
        stormed: () => told.push('stormed'),
        failed: () => told.push('failed'),
      });
      await using input = valueOf(opened);
      chip.plug(false);
      await until(() => told.includes('failed'), 'the loss', 10_000);
      expect(input.read().ok).toBe(false);
      chip.plug(true);
      await until(() => told.at(-1) === 'found', 'its return', 10_000);
      expect([told[0], told[1], input.read().ok]).toEqual(['found', 'failed', true]);
    }, 60_000);

    test('its output is opened again, as at the start, and the guard has it', async () => {
      await using board = await openRelayBoard(chip);
      const states = { boot: true, exit: false, crash: 'hold', configError: false } as const;
      const relay: Relay = { offset: 0, active: 'high', pull: 0, states };
      board.writeConfig([relay]);
      chip.plug(false);
      await board.start();
      await board.command(relay, 'ON', 'rejected');
      chip.plug(true);
      await until(() => chip.level(0) === 1, 'its return after the start', comesBackMsMax);
      await board.command(relay, 'OFF', 'successful');
      await board.command(relay, 'ON', 'successful');
      chip.plug(false);
      await until(() => board.said.includes('plug its chip in again'), 'the loss', comesBackMsMax);
      await board.command(relay, 'OFF', 'rejected');
      chip.plug(true);
      await until(() => chip.level(0) === 1, 'its return after the loss', comesBackMsMax);
      await board.command(relay, 'ON', 'successful');
      await new Promise((resolve) => setTimeout(resolve, 1_000)); // The guard is told a moment later.
      await board.kill('SIGKILL');
      expect(chip.level(0)).toBe(1); // Only the guard can hold it; else the resistor has it back.
      await board.start();
      await board.kill('SIGTERM');
      expect(chip.level(0)).toBe(0);
    }, 240_000);
  });
}
