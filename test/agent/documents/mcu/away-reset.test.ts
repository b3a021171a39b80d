import { describe, expect, it } from 'vitest';
import { AwayReset } from '../../../../agent/documents/mcu/away-reset.ts';
import { mcuResetAfterMsMax } from '../../../../firmware-bridge/limits.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

function rig(afterMs: number | undefined) {
  const clock = createFakeClock();
  const resets: number[] = [];
  const away = new AwayReset(clock, afterMs, async () => {
    resets.push(clock.monotonicMs());
    away.arm(); // It is still away.
  });
  return { clock, resets, away };
}

describe('a microcontroller that stays away', () => {
  it('is reset ever less often, and after it was there as at first', async () => {
    const { clock, resets, away } = rig(30_000);
    away.arm();
    await clock.advance(240_000);
    expect(resets).toEqual([30_000, 90_000, 210_000]);
    away.disarm();
    await clock.advance(1_000_000);
    expect(resets).toHaveLength(3);
    away.arm();
    await clock.advance(30_000);
    expect(resets).toHaveLength(4);
  });

  it('is reset once an hour at least', async () => {
    const { clock, resets, away } = rig(mcuResetAfterMsMax);
    away.arm();
    await clock.advance(3 * mcuResetAfterMsMax);
    expect(resets).toEqual([1, 2, 3].map((count) => count * mcuResetAfterMsMax));
  });

  it('is left alone where the config says nothing', async () => {
    const { clock, away } = rig(undefined);
    away.arm();
    expect(clock.timersCount).toBe(0);
  });
});
