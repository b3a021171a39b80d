import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createWriteStream, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ReadStream } from 'node:tty';
import { SerialPort } from 'serialport/dist/serialport.js';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { serialSettings8N1 } from '../../drivers/contract/byte-port.ts';
import { presenceEveryMs } from '../../drivers/limits.ts';
import { openSerialPort } from '../../drivers/serial-port.ts';
import { bytePortSuite } from '../contract/byte-port.suite.ts';
import { createArrivals } from '../support/arrivals.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { openFilesCount } from '../support/open-files.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { until } from '../support/until.ts';
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
        error: { kind: 'busy', operation: 'open', detail: expect.stringContaining('it is open in this agent itself') },
      });
    });

    test('a port that another program holds is busy, and the program is named', async () => {
      const { left } = await openPair();
      const script =
        'import fcntl,sys; f=open(sys.argv[1]); fcntl.flock(f,fcntl.LOCK_EX); print(1,flush=True); sys.stdin.read()';
      const holder = spawn('/usr/bin/python3', ['-c', script, left], { stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(holder, 'exit');
      onTestFinished(async () => {
        holder.stdin.end();
        await ended;
      });
      await once(holder.stdout, 'data');
      const opened = await openSerialPort(left, settings);
      const detail = expect.stringContaining(`python3 (pid ${holder.pid})`);
      expect(opened).toMatchObject({ ok: false, error: { kind: 'busy', detail } });
    });

    test('what the device sent before the port was opened is not delivered', async () => {
      const { left, right } = await openPair();
      const other = valueOf(await openSerialPort(right, settings));
      onTestFinished(() => other[Symbol.asyncDispose]());
      closeOnFinish(openSync(left, constants.O_RDWR | constants.O_NOCTTY)); // Keeps socat from ending.
      await other.write(Buffer.from('old'), 1_000);
      await new Promise((resolve) => setTimeout(resolve, 100)); // Until socat has carried it over; nothing tells.
      await using port = valueOf(await openSerialPort(left, settings));
      const received = createArrivals<string>();
      port.onData((chunk) => received.push(Buffer.from(chunk).toString()));
      await other.write(Buffer.from('new'), 1_000);
      expect(await received.next()).toBe('new');
    });

    test('modem lines that the port has not are a warning, and the port works', async () => {
      const { left } = await openPair();
      await using port = valueOf(await openSerialPort(left, { ...settings, modem: { dtr: false } }));
      expect(port.warning).toMatch(/^modem lines and input buffer are as they were: .*Inappropriate ioctl/);
    });

    test('modem lines that the port has not cannot be set later either, and that is told', async () => {
      const { left } = await openPair();
      await using port = valueOf(await openSerialPort(left, settings));
      expect(await port.setModem?.({ dtr: false })).toMatchObject({
        ok: false,
        error: { kind: 'unsupported', resource: left, fix: 'it takes a real serial port' },
      });
    });

    test('one modem line is set, and the other stays as the config wants it', async () => {
      const { left } = await openPair();
      const asked: object[] = [];
      // A pty has none of these lines: what would be asked of the kernel is looked at.
      const probe = await SerialPort.binding.open({ path: left, baudRate: 9_600 });
      await probe.close();
      const tty: { set(lines: object): Promise<void> } = Object.getPrototypeOf(probe);
      const set = vi.spyOn(tty, 'set').mockImplementation(async (lines) => void asked.push(lines));
      onTestFinished(() => set.mockRestore());
      await using port = valueOf(await openSerialPort(left, { ...settings, modem: { rts: false } }));
      expect(await port.setModem?.({ dtr: false })).toEqual({ ok: true });
      expect(await port.setModem?.({ dtr: true })).toEqual({ ok: true });
      const others = { brk: false, cts: false, dsr: false };
      expect(asked).toEqual([
        { dtr: true, rts: false, ...others },
        { dtr: false, rts: false, ...others },
        { dtr: true, rts: false, ...others },
      ]);
    });

    test('a port without wishes about modem lines warns of nothing', async () => {
      const { left } = await openPair();
      await using port = valueOf(await openSerialPort(left, settings));
      expect(port.warning).toBeUndefined();
    });

    test('a port that cannot switch a direction is not opened, says what to do, and is left as it was', async () => {
      const { left } = await openPair();
      const openCount = openFilesCount();
      const rs485 = { rtsOnSend: true, beforeMs: 0, afterMs: 0, echo: false };
      expect(await openSerialPort(left, { ...settings, rs485 })).toMatchObject({
        ok: false,
        error: {
          ...{ kind: 'unsupported', operation: 'open', resource: left, detail: 'this port has no RS-485 mode' },
          fix: expect.stringContaining('remove rs485 and use an adapter that switches by itself'),
        },
      });
      await until(() => openFilesCount() === openCount, 'its descriptors to be closed');
      await using _port = valueOf(await openSerialPort(left, settings)); // Nobody has locked it.
    });

    test('a port whose name leads to another device, or to none, is gone though it still works', async () => {
      const pairs = [await openPair(), await openPair()] as const;
      const folder = mkdtempSync(path.join(tmpdir(), 'names-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const name = path.join(folder, 'scale');
      symlinkSync(pairs[0].left, name);
      const clock = createFakeClock();
      await using port = valueOf(await openSerialPort(name, settings, clock));
      const lost = createArrivals<string>();
      port.onClosed(({ kind, detail }) => lost.push(`${kind}: ${detail}`));
      await clock.advance(presenceEveryMs * 3);
      expect(lost.all).toEqual([]);
      rmSync(name);
      symlinkSync(pairs[1].left, name);
      await clock.advance(presenceEveryMs);
      expect(lost.all).toEqual(['closed: the device is gone']);
      expect(clock.timersCount).toBe(0);
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

test('a port that the sandbox of the service closes is opened by no group, but by its unit', async ({ skip }) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-serial-'));
  const file = path.join(folder, 'port');
  const chattr = (flag: string) => spawnSync('chattr', [flag, file]).status === 0;
  onTestFinished(() => {
    chattr('-i');
    rmSync(folder, { recursive: true });
  });
  closeSync(openSync(file, 'w'));
  // The kernel says EPERM of it, as of a device that is not in DeviceAllow, and not EACCES.
  if (!chattr('+i')) skip('no file can be made immutable here');
  const opened = await openSerialPort(file, settings);
  expect(opened).toMatchObject({ error: { kind: 'denied', fix: expect.stringContaining('DeviceAllow=') } });
});

function closeOnFinish(file: number): void {
  onTestFinished(() => closeSync(file));
}
