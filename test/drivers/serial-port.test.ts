import { closeSync, constants, createWriteStream, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { describe, expect, onTestFinished, test } from 'vitest';
import { serialSettings8N1 } from '../../drivers/contract/byte-port.ts';
import { openSerialPort } from '../../drivers/serial-port.ts';
import { bytePortSuite } from '../contract/byte-port.suite.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { valueOf } from '../support/value-of.ts';

const settings = { ...serialSettings8N1, baud: 115_200 };

if (ptyMissing === undefined) {
  bytePortSuite('serialport, over two ptys', async () => {
    const pair = await openPtyPair();
    const port = valueOf(await openSerialPort(pair.left, settings));
    // Node's own streams and not our driver, so that a fault in the driver cannot cancel itself out. Not a tty stream
    // for writing: it would stop this process until somebody reads.
    const reader = new ReadStream(openSync(pair.right, constants.O_RDWR | constants.O_NOCTTY));
    const writer = createWriteStream(pair.right, { flags: 'r+' });
    const received: Buffer[] = [];
    reader.on('data', (chunk) => received.push(chunk));
    for (const stream of [reader, writer]) stream.on('error', () => undefined); // EIO when the pair ends.
    return {
      port,
      peer: {
        received: () => Buffer.concat(received),
        send: (bytes) => void writer.write(bytes),
        stall: () => reader.pause(),
        leave: () => void pair[Symbol.asyncDispose](),
      },
      async [Symbol.asyncDispose]() {
        await port[Symbol.asyncDispose]();
        reader.destroy();
        writer.destroy();
        await pair[Symbol.asyncDispose]();
      },
    };
  });
} else {
  describe.skip(`byte port contract: serialport, over two ptys (${ptyMissing})`, () => {
    test('all of it', () => undefined);
  });
}

describe.skipIf(ptyMissing !== undefined)(
  `a port on a pty${ptyMissing === undefined ? '' : ` (${ptyMissing})`}`,
  () => {
    const openPair = async () => {
      const pair = await openPtyPair();
      onTestFinished(() => pair[Symbol.asyncDispose]());
      return pair;
    };

    test('a port that is open already is busy', async () => {
      const { left } = await openPair();
      await using _port = valueOf(await openSerialPort(left, settings));
      expect(await openSerialPort(left, settings)).toMatchObject({
        ok: false,
        error: { kind: 'busy', operation: 'open' },
      });
    });

    test('a disposed port can be opened again', async () => {
      const { left, right } = await openPair();
      closeOnFinish(openSync(left, constants.O_RDWR | constants.O_NOCTTY)); // Keeps socat from ending with the port.
      closeOnFinish(openSync(right, constants.O_RDWR | constants.O_NOCTTY));
      const first = valueOf(await openSerialPort(left, settings));
      await first[Symbol.asyncDispose]();
      await using _second = valueOf(await openSerialPort(left, settings));
    });

    test.for([
      { dataBits: 7, parity: 'even', stopBits: 2 },
      { dataBits: 8, parity: 'odd', stopBits: 1 },
    ] as const)('opens with %o', async (frame) => {
      const { left } = await openPair();
      await using _port = valueOf(await openSerialPort(left, { baud: 19_200, ...frame }));
    });

    test('a port that hung up costs no processor time', async () => {
      const pair = await openPair();
      await using port = valueOf(await openSerialPort(pair.left, settings));
      const closed = new Promise((resolve) => port.onClosed(resolve));
      await pair[Symbol.asyncDispose]();
      await closed;
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 100)); // The time over which the processor is watched.
      const used = process.cpuUsage(before);
      expect((used.user + used.system) / 1_000).toBeLessThan(60);
    });
  },
);

test('a port that does not exist is absent', async () => {
  const opened = await openSerialPort('/dev/ttyNONE0', settings);
  expect(opened).toMatchObject({
    ok: false,
    error: { kind: 'absent', resource: '/dev/ttyNONE0', fix: expect.any(String) },
  });
});

test('a device that is no serial port is unsupported, in the words of the system', async () => {
  const opened = await openSerialPort('/dev/zero', settings);
  expect(opened).toMatchObject({
    ok: false,
    error: { kind: 'unsupported', detail: expect.stringMatching(/^Inappropriate ioctl for device/) },
  });
});

test.skipIf(process.getuid?.() === 0)(
  'a port this user may not open is denied (skipped for root, who may all)',
  async () => {
    const opened = await openSerialPort('/dev/mem', settings);
    expect(opened).toMatchObject({ ok: false, error: { kind: 'denied', fix: expect.stringContaining('dialout') } });
  },
);

function closeOnFinish(file: number): void {
  onTestFinished(() => closeSync(file));
}
