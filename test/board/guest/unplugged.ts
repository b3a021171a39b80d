import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { openGuardedInput } from '../../../agent/documents/guarded-input.ts';
import { openGpioChip } from '../../../drivers/gpio-chip.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';
import { createSimulatedChip } from './sim.ts';

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
  });
}
