import { describe, expect, it } from 'vitest';
import { type McuAccess, type WriteOptions, writeFirmware } from '../../../agent/firmware/write-firmware.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { hashOf, mcubootImage } from '../../support/mcuboot-image.ts';
import { createSmpDevice } from '../../support/smp-device.ts';

const oldImage = mcubootImage([1, 0, 0, 0], new Uint8Array(3_000).fill(3));
const newImage = mcubootImage([1, 1, 0, 0], new Uint8Array(5_000).fill(5));

/** A microcontroller with MCUboot behind the link: it greets while the port is not lent, if its program does. */
function rig(greets: (image: Uint8Array) => boolean) {
  const clock = createFakeClock();
  const device = createSmpDevice(clock, oldImage, { framing: 'raw' });
  let isLent = false;
  const phases = new Set<string>();
  const access: McuAccess = {
    async lend() {
      const opened = await device.open();
      if (!opened.ok) return opened;
      isLent = true;
      const giveBack = () => {
        isLent = false;
      };
      return ok({ port: opened.value, giveBack });
    },
    reset: () => device.reset(),
    awaitUp: async () => (!isLent && greets(device.running) ? '7.7.7' : undefined),
  };
  const update = { over: 'smp', part: 'atmega328p', framing: 'raw', health: 'link' } as const;
  const options: WriteOptions = { clock, update, isTouched: false, signal: new AbortController().signal };
  return {
    device,
    phases,
    isLent: () => isLent,
    async write(hooks = { onTouch: async () => true }) {
      const written = writeFirmware(access, newImage, options, { ...hooks, onProgress: (phase) => phases.add(phase) });
      const seen = { isOver: false };
      void written.finally(() => {
        seen.isOver = true;
      });
      for (let turn = 0; turn < 100_000 && !seen.isOver; turn += 1) await clock.advance(5);
      return await written;
    },
  };
}

describe('a program for MCUboot', () => {
  it('is kept when its link comes up, and the port is given back', async () => {
    const { device, phases, isLent, write } = rig(() => true);
    expect(await write()).toEqual({ ok: true, value: '7.7.7' });
    expect([hashOf(device.running).equals(hashOf(newImage)), device.isConfirmed, isLent()]).toEqual([
      true,
      true,
      false,
    ]);
    expect([...phases]).toEqual(['upload', 'restart', 'health', 'confirm']);
  });

  it('gives way to the old one when its link does not come up', async () => {
    const { device, isLent, write } = rig((image) => !hashOf(image).equals(hashOf(newImage)));
    expect(await write()).toMatchObject({
      ok: false,
      error: { reason: 'rolled-back', isPassing: false, isTouched: false },
    });
    expect([hashOf(device.running).equals(hashOf(oldImage)), device.confirms, isLent()]).toEqual([true, [], false]);
  });

  it('is not begun when that cannot be written down', async () => {
    const { device, write } = rig(() => true);
    expect(await write({ onTouch: async () => false })).toMatchObject({ ok: false, error: { reason: 'not-durable' } });
    expect(device.uploadRequests).toBe(0);
  });
});
