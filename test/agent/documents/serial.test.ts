import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import type { SerialConfig } from '../../../agent/config/config.ts';
import { serialFramesBurstMax, serialQuietMsMin } from '../../../agent/documents/limits.ts';
import { serial } from '../../../agent/documents/serial.ts';
import { type Log, silentLog } from '../../../agent/log.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { openSerialPort } from '../../../drivers/serial-port.ts';
import { createSimulatedSerialPair } from '../../../drivers/serial-simulated.ts';
import { openPtyPair, ptyMissing } from '../../support/pty.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';
import { scaleConfig } from './scale-config.ts';
import { watchSurroundings } from './surroundings.ts';

/** The line has been quiet since, so that what comes next begins a frame. */
async function open(more: Partial<SerialConfig> = {}, log: Log = silentLog) {
  const pair = createSimulatedSerialPair();
  const surroundings = { ...watchSurroundings({ port: pair.left }), log };
  const document = valueOf(await serial.open({ ...scaleConfig, ...more }, surroundings));
  await surroundings.clock.advance(serialQuietMsMin);
  const say = async (text: string | Uint8Array) => valueOf(await pair.right.write(Buffer.from(text), 1_000));
  const heard = (count: number) => until(() => surroundings.events.length >= count, `${count} frames`);
  return { ...surroundings, document, pair, say, heard };
}

function planned(value: Value, more: Partial<SerialConfig> = {}): string | undefined {
  const plan = serial.plan({ ...scaleConfig, ...more }, value);
  return plan.ok && plan.value.do === 'write' ? Buffer.from(plan.value.bytes).toString('latin1') : undefined;
}

describe('what goes out', () => {
  it.each<[Value, string]>([
    ['text', 'text'],
    ['ü', '\xc3\xbc'],
    ['', ''],
    [Uint8Array.of(0, 255), '\x00\xff'],
    [-1.5, '-1.5'],
    [2 ** 53 - 1, '9007199254740991'],
    [true, 'true'],
  ])('%j as bytes', (value, expected) => {
    expect(planned(value)).toBe(expected);
  });

  it.each<Value>([null, [], [1], {}, 2 ** 53, -(2 ** 53)])('%j is refused', (value) => {
    expect(serial.plan(scaleConfig, value)).toMatchObject({ ok: false, error: { reason: 'out-of-range' } });
  });

  it('gets its ending', () => {
    expect(planned('TARE', { append: '\r\n' })).toBe('TARE\r\n');
  });

  it.each([
    [1, 'big', '\x03'],
    [2, 'big', '\x00\x03'],
    [2, 'little', '\x03\x00'],
    [4, 'little', '\x03\x00\x00\x00'],
  ] as const)('gets its length in %i bytes, %s-endian, without the ending', (bytes, endian, prefix) => {
    expect(planned('abc', { framing: { kind: 'length', bytes, endian }, append: '!' })).toBe(`${prefix}abc`);
  });

  it('is refused when the length cannot say it, one byte over', () => {
    const framing = { kind: 'length', bytes: 1, endian: 'big' } as const;
    expect(planned('x'.repeat(255), { framing })).toHaveLength(256);
    expect(serial.plan({ ...scaleConfig, framing }, 'x'.repeat(256))).toMatchObject({
      ok: false,
      error: { reason: 'out-of-range' },
    });
  });
});

describe('what comes in', () => {
  it('is an event per line, however it was cut', async () => {
    const { say, heard, events } = await open();
    await say('on');
    await say('e\ntwo\nthr');
    await heard(2);
    expect(events).toEqual(['one', 'two']);
  });

  it('is text where it is UTF-8, and bytes where it is not', async () => {
    const { say, heard, events } = await open();
    await say(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41, 0x0a, 0xc3, 0x28, 0x0a));
    await heard(2);
    expect(events).toEqual(['\ufeffA', Uint8Array.of(0xc3, 0x28)]); // A byte order mark is data here.
  });

  it('half a line is thrown away after the silence between bytes, not before', async () => {
    const { say, heard, events, clock } = await open({ interByteMs: 500 });
    await say('lost');
    await until(() => clock.timersCount === 1, 'the half line');
    await clock.advance(499);
    await say('|still here\n');
    await heard(1);
    await say('gone');
    await until(() => clock.timersCount === 1, 'the next half line');
    await clock.advance(500);
    await say('whole\n');
    await heard(2);
    expect(events).toEqual(['lost|still here', 'whole']);
  });

  it('without delimiters is cut by silence', async () => {
    const { say, heard, events, clock } = await open({ framing: { kind: 'silence' }, interByteMs: 20 });
    await say('ab');
    await until(() => clock.timersCount === 1, 'the chunk');
    expect(events).toEqual([]);
    await clock.advance(20);
    await heard(1);
    expect(events).toEqual(['ab']);
  });

  it('and is thrown away is counted for the health report, and in the log once of a kind', async () => {
    const warned: object[] = [];
    const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) };
    const { say, heard, clock, document } = await open({ interByteMs: 500, frameBytesMax: 4 }, log);
    expect(document.about?.()).toEqual({});
    await say('12345\n123456\nok\nhalf');
    await heard(1);
    await until(() => clock.timersCount === 1, 'the half line');
    await clock.advance(500);
    expect(document.about?.()).toEqual({ discarded: { bytes: 15, overlong: 2, half: 1 } });
    expect(warned).toEqual(['overlong', 'half'].map((why) => ({ port: '/dev/ttyX', why })));
  });

  it('in a flood is told up to a pace, and what is above is counted', async () => {
    const { say, heard, clock, document, events } = await open();
    await say('x\n'.repeat(serialFramesBurstMax + 3));
    await until(() => document.about?.()['discarded'] !== undefined, 'a loss');
    expect(events).toHaveLength(serialFramesBurstMax);
    expect(document.about?.()).toEqual({ discarded: { bytes: 3, flood: 3 } });
    await clock.advance(5); // Five of 1 000 in a second.
    await say('a\nb\nc\nd\ne\nf\n');
    await heard(serialFramesBurstMax + 5);
    expect(events.slice(-2)).toEqual(['d', 'e']);
  });

  it.skipIf(ptyMissing !== undefined)('is not torn where the agent was too busy to read on in time', async () => {
    const pair = await openPtyPair();
    onTestFinished(() => pair[Symbol.asyncDispose]());
    const device = openSync(pair.right, 'r+');
    onTestFinished(() => closeSync(device));
    const port = valueOf(await openSerialPort(pair.left, serialSettings8N1));
    const interByteMs = 200;
    const onData: typeof port.onData = (take) =>
      port.onData((chunk) => {
        take(chunk);
        if (String(chunk) !== 'AB') return;
        setImmediate(() => {
          writeSync(device, 'CD\n'); // Long before the silence is over.
          const endMs = performance.now() + 2 * interByteMs;
          while (performance.now() < endMs); // What else the agent has to do.
        });
      });
    const surroundings = { ...watchSurroundings({ port: { ...port, onData } }), clock: systemClock };
    await using _document = valueOf(await serial.open({ ...scaleConfig, interByteMs }, surroundings));
    await delay(2 * serialQuietMsMin);
    writeSync(device, 'AB');
    await until(() => surroundings.events.length > 0, 'a frame');
    expect(surroundings.events).toEqual(['ABCD']);
  });
});

describe('the port', () => {
  it('that is not there is told, and the document opens all the same and waits for it', async () => {
    const surroundings = watchSurroundings();
    const document = valueOf(await serial.open(scaleConfig, surroundings));
    expect(surroundings.changes).toEqual([{ open: false }]);
    expect(surroundings.troubles).toMatchObject([{ kind: 'absent', fix: 'plug it in' }]);
    expect(document.probe()).toMatchObject({ ok: false, error: { kind: 'closed', fix: 'plug it in' } });
    await document[Symbol.asyncDispose]();
    surroundings.pool.close();
  });

  it('that is unplugged is told as state and as trouble, and fails what is written', async () => {
    const { document, pair, changes, troubles, pool } = await open();
    pair.unplug();
    await until(() => troubles.length > 0, 'the trouble');
    expect([changes, troubles]).toMatchObject([[{ open: true }, { open: false }], [{ kind: 'closed' }]]);
    expect(await document.perform({ do: 'write', bytes: Buffer.from('x') })).toMatchObject({
      ok: false,
      error: { kind: 'closed' },
    });
    expect(document.probe()).toMatchObject({ ok: false, error: { kind: 'closed' } });
    await document[Symbol.asyncDispose]();
    pool.close();
  });

  it('without a receive buffer left does not open', async () => {
    const surroundings = watchSurroundings();
    while (surroundings.pool.acquire('framer', 1) !== undefined) continue;
    expect(await serial.open(scaleConfig, surroundings)).toMatchObject({ ok: false, error: { kind: 'busy' } });
  });

  it('is let go at disposal, with nothing left waiting', async () => {
    const { document, say, clock, pool } = await open();
    await say('half');
    await until(() => clock.timersCount === 1, 'the half line');
    await document[Symbol.asyncDispose]();
    expect(clock.timersCount).toBe(0);
    pool.close();
  });
});
