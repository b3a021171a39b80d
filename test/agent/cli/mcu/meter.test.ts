import { expect, it } from 'vitest';
import { openMeter } from '../../../../agent/cli/mcu/meter.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

it('tells how far, how fast, and how long it will take', async () => {
  const clock = createFakeClock();
  const meter = openMeter(clock);
  expect(meter.describe(1_000, 11_000)).toBe('[----------] 1.0 of 11.0 kB, 9 %');
  await clock.advance(2_000);
  expect(meter.describe(5_000, 11_000)).toBe('[####------] 5.0 of 11.0 kB, 45 %, 2.0 kB/s, 3 s left');
  await clock.advance(3_000);
  expect(meter.describe(11_000, 11_000)).toBe('[##########] 11.0 of 11.0 kB, 100 %, 2.0 kB/s, 0 s left');
});

it('does not divide by nothing', () => {
  expect(openMeter(createFakeClock()).describe(0, 0)).toBe('[##########] 0.0 of 0.0 kB, 100 %');
});
