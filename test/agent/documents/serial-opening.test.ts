import { closeSync, openSync, writeSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import type { SerialConfig } from '../../../agent/config/config.ts';
import { serial } from '../../../agent/documents/serial.ts';
import { type Log, silentLog } from '../../../agent/log.ts';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { openSerialPort } from '../../../drivers/serial-port.ts';
import { createSimulatedSerialPair } from '../../../drivers/serial-simulated.ts';
import { openPtyPair, ptyMissing } from '../../support/pty.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';
import { scaleConfig } from './scale-config.ts';
import { watchSurroundings } from './surroundings.ts';

async function open(more: Partial<SerialConfig>, log: Log, quietMs: number) {
  const pair = createSimulatedSerialPair();
  const surroundings = { ...watchSurroundings({ port: pair.left }), log };
  const document = valueOf(await serial.open({ ...scaleConfig, ...more }, surroundings));
  await surroundings.clock.advance(quietMs);
  const say = async (text: string) => valueOf(await pair.right.write(Buffer.from(text), 1_000));
  const heard = (count: number) => until(() => surroundings.events.length >= count, `${count} frames`);
  return { ...surroundings, document, say, heard };
}

describe('a port that was opened in the middle of a frame', () => {
  it.skipIf(ptyMissing !== undefined)('does not tell the tail of it as a whole one', async () => {
    const pair = await openPtyPair();
    onTestFinished(() => pair[Symbol.asyncDispose]());
    const device = openSync(pair.right, 'r+');
    onTestFinished(() => closeSync(device));
    const surroundings = {
      ...watchSurroundings(),
      clock: systemClock,
      openBytePort: () => openSerialPort(pair.left, serialSettings8N1),
    };
    writeSync(device, '11');
    await using document = valueOf(await serial.open({ ...scaleConfig, port: pair.left }, surroundings));
    writeSync(device, '2.50 kg\n113.00 kg\n');
    await until(() => surroundings.events.length > 0, 'a frame');
    expect(surroundings.events).toEqual(['113.00 kg']);
    expect(document.about?.()).toMatchObject({ discarded: { begun: 1 } });
  });

  it('tells the answer to what was written at once, on a line that was quiet', async () => {
    const { document, say, heard, events } = await open({}, silentLog, 0);
    await document.perform({ do: 'write', bytes: Buffer.from('W\n') });
    await say('112.50 kg\n');
    await heard(1);
    expect(events).toEqual(['112.50 kg']);
  });

  it('is told in the log, and not as a fault', async () => {
    const told: object[] = [];
    const log = { ...silentLog, info: (fields: object) => void told.push(fields) };
    const { say, heard, events } = await open({}, log, 0);
    await say('2.50 kg\n113.00 kg\n');
    await heard(1);
    expect([events, told]).toEqual([['113.00 kg'], [{ port: '/dev/ttyX', why: 'begun' }]]);
  });

  it('tells the first frame after the line was quiet for a moment, at a low speed for four characters', async () => {
    const { say, heard, events, document } = await open(
      { settings: { ...serialSettings8N1, baud: 300 } },
      silentLog,
      160,
    );
    await say('112.50 kg\n');
    await heard(1);
    expect([events, document.about?.()]).toEqual([['112.50 kg'], {}]);
  });

  it('finds the frames of a line whose lengths come ten times a second', async () => {
    const { say, heard, events, clock } = await open(
      { framing: { kind: 'length', bytes: 1, endian: 'big' } },
      silentLog,
      0,
    );
    for (const chunk of ['g\x04tail', '\x03one', '\x03two']) {
      await say(chunk);
      await until(() => clock.timersCount === 1, 'the chunk');
      await clock.advance(100);
    }
    await heard(2);
    expect(events).toEqual(['one', 'two']);
  });
});
