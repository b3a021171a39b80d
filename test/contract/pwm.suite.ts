import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PwmBackend } from '../../drivers/contract/pwm.ts';
import type { PwmWave } from '../../drivers/pwm-simulated.ts';
import { valueOf } from '../support/value-of.ts';

export interface PwmRig extends AsyncDisposable {
  readonly backend: PwmBackend;
  readonly chip: string;
  readonly absentChip: string;
  /** What a meter at channel 0 shows. */
  wave(): PwmWave;
}

/** Every PWM backend passes this. The meter decides, never the driver's own opinion. */
export function pwmSuite(name: string, createRig: () => Promise<PwmRig>): void {
  describe(`pwm contract: ${name}`, () => {
    let rig: PwmRig;
    beforeEach(async () => {
      rig = await createRig();
    });
    afterEach(async () => {
      await rig[Symbol.asyncDispose]();
    });
    const request = (initial: number | 'as-is', frequencyHz = 25_000) => {
      return { chip: rig.chip, channel: 0, frequencyHz, initial };
    };
    const open = async (...rest: Parameters<typeof request>) => valueOf(await rig.backend.open(request(...rest)));

    test.for([0, 0.25, 1])('a channel opened with duty %d runs with it at once', async (duty) => {
      await using _output = await open(duty);
      expect(rig.wave()).toEqual({ frequencyHz: 25_000, duty });
    });

    test('each write arrives at the wire before it returns, and can be read back', async () => {
      await using output = await open(0);
      for (const duty of [0.5, 1, 0, 0.125]) {
        expect(output.write(duty)).toEqual({ ok: true });
        expect(rig.wave().duty).toBe(duty);
        expect(output.readBack()).toEqual({ ok: true, value: duty });
      }
    });

    test.for([-0.01, 1.01, Number.NaN])('a duty of %d is out of range and changes nothing', async (duty) => {
      await using output = await open(0.5);
      expect(output.write(duty)).toMatchObject({ ok: false, error: { kind: 'out-of-range' } });
      expect(rig.wave().duty).toBe(0.5);
    });

    test('what was left running is taken over, also with another frequency', async () => {
      const first = await open(0.5, 1_000);
      await first[Symbol.asyncDispose]();
      expect(rig.wave()).toEqual({ frequencyHz: 1_000, duty: 0.5 });
      await using _second = await open('as-is', 25_000);
      expect(rig.wave()).toEqual({ frequencyHz: 25_000, duty: 0.5 });
    });

    test('a lower frequency takes a duty that is longer than the old period', async () => {
      const first = await open(1, 25_000);
      await first[Symbol.asyncDispose]();
      await using _second = await open(0.75, 1_000);
      expect(rig.wave()).toEqual({ frequencyHz: 1_000, duty: 0.75 });
    });

    test('after disposal every call fails with closed, the wave goes on, and twice is harmless', async () => {
      const output = await open(0.5);
      await output[Symbol.asyncDispose]();
      expect(output.write(0)).toMatchObject({ ok: false, error: { kind: 'closed' } });
      expect(output.readBack()).toMatchObject({ ok: false, error: { kind: 'closed' } });
      await using _next = await open('as-is');
      await output[Symbol.asyncDispose]();
      expect(await rig.backend.open(request(0))).toMatchObject({ ok: false, error: { kind: 'busy' } });
      expect(rig.wave().duty).toBe(0.5);
    });

    test('a chip that does not exist is absent', async () => {
      const opened = await rig.backend.open({ ...request(0), chip: rig.absentChip });
      expect(opened).toMatchObject({ ok: false, error: { kind: 'absent', operation: 'open' } });
    });
  });
}
