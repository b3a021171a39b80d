import { describe, expect, it } from 'vitest';
import { fail, ok } from '../../../drivers/contract/result.ts';
import { parseMcuboot } from '../../../firmware-bridge/image/mcuboot.ts';
import { type SmpDependencies, type SmpOptions, updateBySmp } from '../../../firmware-bridge/smp/update.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { hashOf, mcubootImage } from '../../support/mcuboot-image.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { createSmpDevice, type SmpDevice, type SmpDeviceOptions } from '../../support/smp-device.ts';

const program = (length: number, factor: number) =>
  Uint8Array.from({ length }, (_, at) => (at * factor + (at >> 8)) & 0xff);
const oldImage = mcubootImage([1, 0, 0, 0], program(3_000, 3));
const newImage = mcubootImage([1, 1, 0, 7], program(9_000, 5));

function rig(deviceOptions: Partial<SmpDeviceOptions> = {}) {
  const clock = createFakeClock();
  const framing = deviceOptions.framing ?? 'console';
  const device = createSmpDevice(clock, oldImage, { framing, ...deviceOptions });
  return {
    clock,
    device,
    async update(image: Uint8Array = newImage, more: Partial<SmpDependencies & SmpOptions> = {}) {
      const { board, ...dependencies } = more;
      const parts = { clock, open: () => device.open(), ...dependencies };
      const running = updateBySmp(parts, image, { framing, ...(board === undefined ? {} : { board }) });
      const seen = { isOver: false };
      void running.finally(() => {
        seen.isOver = true;
      });
      for (let turn = 0; turn < 200_000 && !seen.isOver; turn += 1) await clock.advance(5);
      return await running;
    },
  };
}

const runsOld = (device: SmpDevice) => hashOf(device.running).equals(hashOf(oldImage)) && device.isConfirmed;
const runsNew = (device: SmpDevice, image = newImage) => hashOf(device.running).equals(hashOf(image));

describe.each(['console', 'raw'] as const)('an update by SMP, framing %s', (framing) => {
  it('uploads, tries, looks, and keeps', async () => {
    const { device, update } = rig({ framing });
    const phases = new Set<string>();
    const result = await update(newImage, { onProgress: (phase) => phases.add(phase) });
    expect(result).toEqual({ ok: true, value: { version: '1.1.0+7', wasThere: false } });
    expect(runsNew(device)).toBe(true);
    expect(device.isConfirmed).toBe(true);
    expect([...phases]).toEqual(['upload', 'restart', 'health', 'confirm']);
  });

  it('of 256 KiB gets through when one packet in twenty is lost', async () => {
    const large = mcubootImage([2, 0, 0, 0], program(256 * 1_024, 11));
    const { device, update } = rig({ framing, lossRatio: 0.05, random: seededRandom(7), bufferBytes: 1_024 });
    expect(await update(large)).toEqual({ ok: true, value: { version: '2.0.0', wasThere: false } });
    expect(runsNew(device, large)).toBe(true);
    expect(device.uploadedBytes).toBe(large.length); // No byte twice.
    expect(device.uploadRequests).toBeGreaterThan(large.length / 1_024);
  });
});

describe('an update by SMP', () => {
  it('goes on where it was when the port went away in the middle', async () => {
    const { device, update } = rig();
    const cut = (_: string, doneBytes: number) => {
      if (doneBytes > 4_000) device.unplug();
    };
    const first = await update(newImage, { onProgress: cut });
    expect(first).toMatchObject({ ok: false, error: { reason: 'closed' } });
    expect(runsOld(device)).toBe(true);
    device.plug();
    expect(await update()).toMatchObject({ ok: true });
    expect(device.uploadedBytes).toBe(newImage.length);
    expect(runsNew(device)).toBe(true);
  });

  it('of what runs already does nothing', async () => {
    const { device, update } = rig();
    expect(await update(oldImage)).toEqual({ ok: true, value: { version: '1.0.0', wasThere: true } });
    expect([device.uploadRequests, device.restarts]).toEqual([0, 0]);
  });

  it('confirms what was started before a cut, without sending it again', async () => {
    const { device, update } = rig();
    const dies = new Promise<never>(() => {}); // The agent ends between restart and confirm.
    const seen = { isStarted: false };
    void update(newImage, {
      isHealthy: () => {
        seen.isStarted = true;
        return dies;
      },
    });
    while (!seen.isStarted) await new Promise((resolve) => setImmediate(resolve));
    const sent = device.uploadRequests;
    expect([runsNew(device), device.isConfirmed]).toEqual([true, false]);
    expect(await update()).toEqual({ ok: true, value: { version: '1.1.0+7', wasThere: false } });
    expect([device.uploadRequests, device.isConfirmed]).toEqual([sent, true]);
  });

  it('of a damaged file sends nothing', async () => {
    const { device, update } = rig();
    const damaged = Buffer.from(newImage);
    damaged[500] = (damaged[500] ?? 0) ^ 1;
    const detail = 'the image is damaged: its SHA-256 is not the one in its trailer';
    expect(await update(damaged)).toEqual({ ok: false, error: { reason: 'bad-image', detail } });
    expect(device.uploadRequests).toBe(0);
  });

  it('for another board sends nothing', async () => {
    const { device, update } = rig({ board: 'nucleo_f401re' });
    const detail = 'the image is for the board rpi_pico; this is nucleo_f401re';
    expect(await update(newImage, { board: 'rpi_pico' })).toEqual({
      ok: false,
      error: { reason: 'wrong-board', detail },
    });
    expect(device.uploadRequests).toBe(0);
    expect(await update(newImage, { board: 'nucleo_f401re' })).toMatchObject({ ok: true });
  });

  it('never tries nor confirms what does not arrive as it was sent', async () => {
    const { device, update } = rig({ storesWrong: true });
    expect(await update()).toMatchObject({ ok: false, error: { reason: 'bad-image' } });
    expect([device.confirms, device.restarts]).toEqual([[], 0]);
    expect(runsOld(device)).toBe(true);
  });

  it('of a program that does not answer goes back by the reset line', async () => {
    const isNew = (image: Uint8Array) => (hashOf(image).equals(hashOf(newImage)) ? 'mute' : 'good');
    const { device, update } = rig({ character: isNew });
    const result = await update(newImage, { reset: () => device.reset() });
    expect(result).toMatchObject({
      ok: false,
      error: { reason: 'rolled-back', detail: expect.stringContaining('version 1.0.0 runs again') },
    });
    expect(device.confirms).toEqual([]);
    expect(runsOld(device)).toBe(true);
  });

  it('of a program that does not answer, without a reset line, says what to do', async () => {
    const isNew = (image: Uint8Array) => (hashOf(image).equals(hashOf(newImage)) ? 'mute' : 'good');
    const { device, update } = rig({ character: isNew });
    const result = await update();
    expect(result).toMatchObject({
      ok: false,
      error: { reason: 'unconfirmed', detail: expect.stringContaining('power it off and on') },
    });
    await device.reset(); // Somebody does.
    expect(runsOld(device)).toBe(true);
  });

  it('of a program that answers and does not do its work goes back', async () => {
    const { device, update } = rig();
    const result = await update(newImage, { isHealthy: async () => fail('the link did not come up') });
    const detail = 'the link did not come up; version 1.0.0 runs again';
    expect(result).toEqual({ ok: false, error: { reason: 'rolled-back', detail } });
    expect(device.confirms).toEqual([]);
    expect(runsOld(device)).toBe(true);
  });

  it.each([
    ['answers', 0],
    ['does not answer yet', 1_500],
  ])(
    'of a program that begins anew behind its greeting never keeps it, the old one %s when it is asked',
    async (_, ms) => {
      const { device, update } = rig({ rebootMs: ms });
      const isHealthy = async () => {
        await device.reset(); // By its own watchdog, or its supply: MCUboot goes back.
        return ok();
      };
      const result = await update(newImage, { isHealthy });
      const detail = 'it began anew before it was kept; version 1.0.0 runs again';
      expect(result).toEqual({ ok: false, error: { reason: 'rolled-back', detail } });
      expect(device.confirms).toEqual([]);
      await device.reset();
      expect(runsOld(device)).toBe(true);
    },
  );

  it('with its answers lost at every place ends with the new program kept or the old one', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { device, update } = rig({ lossRatio: 0.2, random: seededRandom(seed) });
      const result = await update(newImage, { reset: () => device.reset(), isHealthy: async () => ok() });
      if (result.ok) expect([runsNew(device), device.isConfirmed]).toEqual([true, true]);
      else if (result.error.reason === 'rolled-back') expect(runsOld(device)).toBe(true);
      else expect(runsOld(device) || result.error.reason === 'unconfirmed' || !device.isConfirmed).toBe(true);
    }
  });
});

it('an image for MCUboot tells its version and hash, and any damage to it', () => {
  expect(parseMcuboot(newImage)).toEqual({
    ok: true,
    value: { version: '1.1.0+7', hash: Uint8Array.from(hashOf(newImage)) },
  });
  expect(parseMcuboot(Uint8Array.of(1, 2, 3))).toMatchObject({ ok: false });
  for (let end = 0; end < newImage.length; end += 97) expect(parseMcuboot(newImage.subarray(0, end)).ok).toBe(false);
});
