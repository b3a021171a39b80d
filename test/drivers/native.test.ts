import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { socketNumber } from '../../agent/guard/socket-number.ts';
import { loadNativeGpio, type NativeChip, type NativeGpio } from '../../drivers/native/addon.ts';
import { addonFile } from '../../drivers/native/addon-file.ts';
import { sdNotify } from '../../drivers/native/sd-notify.ts';
import { openDatagramInbox } from '../support/datagrams.ts';
import { ptyMissing } from '../support/pty.ts';
import { until } from '../support/until.ts';
import { valueOf } from '../support/value-of.ts';
import { fuzzNative } from './native/fuzz.ts';

const python = '/usr/bin/python3';
const isBuilt = existsSync(addonFile('gpiochip.node'));

describe.skipIf(!isBuilt)(`the native file${isBuilt ? '' : ' (npm run build:native, needs gcc)'}`, () => {
  let native: NativeGpio;
  beforeAll(() => {
    native = valueOf(loadNativeGpio());
  });

  test('what the system answers is a result with the code, its text and the call', () => {
    expect(native.open('/dev/nowhere')).toEqual({
      ok: false,
      code: 'ENOENT',
      text: 'no such file or directory',
      call: 'open',
    });
  });

  test('a file that is no chip is not opened, and leaves no descriptor behind', () => {
    const opened = native.open('/dev/null');
    expect(opened).toMatchObject({ ok: false, code: 'ENOTTY', call: 'GPIO_GET_CHIPINFO_IOCTL' });
    expect(native.counts().open).toBe(0);
  });

  test('a file that is no serial port has no RS-485 mode, and a number that is no descriptor no file', () => {
    const file = openSync('/dev/null', 'r+');
    onTestFinished(() => closeSync(file));
    expect(native.setRs485(file, 1, 0, 0)).toMatchObject({ ok: false, code: 'ENOTTY', call: 'TIOCSRS485' });
    expect(native.setRs485(1_000_000, 1, 0, 0)).toMatchObject({ ok: false, code: 'EBADF' });
    expect(() => native.setRs485(-1, 1, 0, 0)).toThrow('fd: expected');
    expect(() => native.setRs485(file, 1, 0, 2 ** 32)).toThrow('afterMs: expected');
  });

  test('wrong arguments are refused by name', () => {
    const strange = {} as NativeChip;
    expect(() => native.open('a\0b')).toThrow(TypeError);
    expect(() => native.line(strange, 0)).toThrow('chip: expected a handle from open or request');
    expect(() => native.set(strange as never, 1n, 2n)).toThrow('lines: expected a handle');
    expect(() => native.sdNotify('/run/x', 'x'.repeat(4_096))).toThrow('text: expected text of at most 4095 bytes');
    const request = { offsets: [], flags: 8, values: 0n, debounceUs: 0, eventsCountMax: 0, consumer: 'x' };
    expect(() => native.request(strange, request)).toThrow('offsets: expected an array of 1 to 64 offsets');
    expect(() => native.request(strange, { ...request, offsets: [0], values: -1n })).toThrow(
      'values: expected a BigInt',
    );
    expect(() => native.request(strange, { ...request, offsets: [0], consumer: 'x'.repeat(32) })).toThrow('consumer:');
  });

  test('no argument makes it do anything but refuse, fail or succeed', () => {
    const { callsCount, refusedCount, failedCount } = fuzzNative(native);
    expect(callsCount).toBeGreaterThan(30_000);
    expect(refusedCount + failedCount).toBeGreaterThan(callsCount / 2);
    expect(native.counts()).toEqual({ open: 0, finalized: 0 });
  });

  test.skipIf(!existsSync(python))('what was passed and is no line leaves its place empty', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lines-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const server = createServer({ pauseOnConnect: true }).listen(join(folder, 'socket'));
    onTestFinished(() => void server.close());
    const send = 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])';
    const script = `${send}; socket.send_fds(s, [b'["A","B"]'], [0, 0]); s.recv(1)`;
    const sender = spawn(python, ['-c', script, join(folder, 'socket')], { stdio: ['ignore', 'inherit', 'inherit'] });
    onTestFinished(() => void sender.kill());
    const [socket] = (await once(server, 'connection')) as [Socket];
    onTestFinished(() => void socket.destroy());
    let received: ReturnType<NativeGpio['receiveLines']> | undefined;
    await until(() => {
      received = native.receiveLines(socketNumber(socket) ?? -1);
      return received.ok;
    }, 'the message');
    expect(received).toEqual({ ok: true, value: { text: '["A","B"]', lines: [undefined, undefined] } });
    expect(native.counts().open).toBe(0);
  });

  test('each worker has its own, and may end at any time', async () => {
    const script = `
      const { workerData, parentPort } = require('node:worker_threads');
      const addon = { exports: {} };
      process.dlopen(addon, workerData);
      parentPort.postMessage(addon.exports.counts());
      setInterval(() => addon.exports.open('/dev/null'), 1);`;
    for (let round = 0; round < 3; round += 1) {
      const worker = new Worker(script, { eval: true, workerData: addonFile('gpiochip.node') });
      const counts = await new Promise((resolve) => worker.once('message', resolve));
      expect(counts).toEqual({ open: 0, finalized: 0 });
      await worker.terminate();
    }
  });

  describe.skipIf(ptyMissing !== undefined)(`sd_notify${ptyMissing === undefined ? '' : ` (${ptyMissing})`}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'notify-'));
    afterAll(() => rmSync(folder, { recursive: true }));

    test.for([join(folder, 'notify.sock'), `@qn-notify-${process.pid}`])(
      'tells the service manager at %s',
      async (address) => {
        await using inbox = await openDatagramInbox(address);
        expect(sdNotify(native, address, 'READY=1\nSTATUS=bereit für alles')).toEqual({ ok: true });
        await until(() => inbox.received() !== '', 'the datagram');
        expect(inbox.received()).toBe('READY=1\nSTATUS=bereit für alles');
      },
    );
  });

  test.for([
    ['nobody listens', '/run/nowhere/notify', 'absent', 'ENOENT'],
    ['an abstract name is free', '@qn-nobody', 'absent', 'ECONNREFUSED'],
    ['an address of another kind', 'vsock:2:1', 'io', 'EAFNOSUPPORT'],
    ['a path longer than an address', `/${'x'.repeat(120)}`, 'io', 'ENAMETOOLONG'],
    ['no address', '', 'io', 'EAFNOSUPPORT'],
    ['an address without a name', '@', 'io', 'EINVAL'],
  ] as const)('when %s, notifying fails: %s', ([, address, kind, code]) => {
    const sent = sdNotify(native, address, 'READY=1');
    expect(sent).toMatchObject({ ok: false, error: { kind, operation: 'notify', cause: { code } } });
  });
});

describe('without the native file', () => {
  test('it is unsupported, and the fix says how to get it', () => {
    expect(loadNativeGpio('/nowhere/gpiochip.node')).toMatchObject({
      ok: false,
      error: {
        kind: 'unsupported',
        detail: 'the native file is missing: /nowhere/gpiochip.node',
        fix: expect.stringContaining('npm run build:native'),
      },
    });
  });

  test('a file that is not for this machine is unsupported, too', () => {
    const folder = mkdtempSync(join(tmpdir(), 'native-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'gpiochip.node');
    writeFileSync(path, 'not an ELF file');
    expect(loadNativeGpio(path)).toMatchObject({
      ok: false,
      error: { kind: 'unsupported', detail: expect.stringContaining(path) },
    });
  });

  test('a native file of something else is not taken for it', () => {
    const other = addonFile('epoll.node');
    if (!existsSync(other)) return;
    expect(loadNativeGpio(other)).toMatchObject({ ok: false, error: { kind: 'unsupported' } });
  });
});
