import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../agent/clock.ts';
import { runSimulatedFirmware } from '../../../../agent/documents/mcu/simulated-firmware.ts';
import type { ModemLines } from '../../../../drivers/contract/byte-port.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import { createSimulatedSerialPair } from '../../../../drivers/serial-simulated.ts';
import { avrParts } from '../../../../firmware-bridge/stk500/parts.ts';
import { createOptibootModel } from '../../../support/optiboot-model.ts';
import { createOptibootPort } from '../../../support/optiboot-port.ts';
import { startPluggedAgent } from '../../../support/plugged-agent.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const mcu = 'firmware.mcu0';
const program = (length: number, factor: number) =>
  Buffer.from(Array.from({ length }, (_, at) => (at * factor) & 0xff));

it('an Arduino with nothing but a USB cable is flashed: its DTR line starts the bootloader', async () => {
  const model = createOptibootModel(avrParts.atmega328p, program(900, 7));
  const asked: ModemLines[] = [];
  /** One serial line, at whose other end is the program, or after a reset the bootloader. */
  const openBytePort = async () => {
    const pair = createSimulatedSerialPair();
    const bootloader = createOptibootPort(model).port;
    let toProgram: (chunk: Uint8Array) => void = () => {};
    const programPort = {
      ...pair.right,
      onData(listener: typeof toProgram) {
        toProgram = listener;
      },
    };
    const firmware = runSimulatedFirmware(programPort, systemClock, { random: seededRandom(1) });
    bootloader.onData((chunk) => void pair.right.write(Uint8Array.from(chunk), 1_000));
    pair.right.onData((chunk) => {
      if (!model.isInBootloader) return toProgram(chunk);
      void bootloader.write(Uint8Array.from(chunk), 1_000);
      if (!model.isInBootloader) firmware.mcu.reset(); // It was told to leave.
    });
    const setModem = async (lines: ModemLines) => {
      asked.push(lines);
      if (lines.dtr === true) {
        model.take({ do: 'reset' }); // The edge, through the capacitor.
        firmware.mcu.hang();
      }
      return ok();
    };
    return ok({ ...pair.left, setModem });
  };
  const documents = [`${mcu}: { driver: mcu, port: /dev/ttyUSB0, reset: { over: dtr }, update: { over: stk500 } }`];
  await using rig = await startPluggedAgent({ documents, openBytePort });
  await rig.hear(`event/${mcu}`, { link: 'up', firmware: '0.0.0' });
  const image = program(1_300, 5);
  const sha256 = createHash('sha256').update(image).digest('hex');
  const data = { $b64: image.toString('base64') };
  rig.notify(mcu, JSON.stringify({ piece: sha256, size: image.length, offset: 0, data }));
  await rig.hearAck(mcu, 'successful');
  rig.notify(mcu, JSON.stringify({ write: sha256, size: image.length }));
  await rig.hear(`event/${mcu}`, { update: { phase: 'done', sha256 } });
  expect(Buffer.from(model.flash.subarray(0, image.length)).equals(image)).toBe(true);
  expect(asked.slice(0, 2)).toEqual([{ dtr: false }, { dtr: true }]);
  await rig.hear(`event/${mcu}`, { link: 'up', firmware: '0.0.0' });
}, 30_000);
