import { execFileSync } from 'node:child_process';
import { closeSync, constants, createWriteStream, openSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ReadStream } from 'node:tty';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Rs485Settings, serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { loadNativeGpio } from '../../../drivers/native/addon.ts';
import { setRs485 } from '../../../drivers/serial/rs485.ts';
import { openSerialPort } from '../../../drivers/serial-port.ts';
import { type BytePortRig, bytePortSuite } from '../../contract/byte-port.suite.ts';
import { valueOf } from '../../support/value-of.ts';

const settings = { ...serialSettings8N1, baud: 115_200 };
const driverFolder = '/sys/bus/pci/drivers/serial';
/** Four times what the kernel keeps for a port; the emulated cards take each byte by itself, so more costs seconds. */
const longBytes = 16_384;

/** Two serial cards of the machine, joined by a null modem cable. */
export function serialContract(): void {
  const [left, right] = findCards();

  const createRig = async (): Promise<BytePortRig> => {
    plugIn(left);
    const peerPath = ttyOf(right);
    const reader = openRaw(peerPath);
    const writer = createWriteStream(peerPath, { flags: 'r+' });
    const received: Buffer[] = [];
    reader.on('data', (chunk) => received.push(chunk));
    for (const stream of [reader, writer]) stream.on('error', () => undefined);
    await untilSilent(received); // What the test before has left in the cable.
    const port = valueOf(await openSerialPort(ttyOf(left), settings));
    return {
      port,
      peer: {
        received: () => Buffer.concat(received),
        send: (bytes) => void writer.write(bytes),
        stall: () => reader.pause(),
        leave: () => pull(left), // The card is pulled out of the running machine.
      },
      async [Symbol.asyncDispose]() {
        await port[Symbol.asyncDispose]();
        reader.destroy();
        writer.destroy();
        plugIn(left);
      },
    };
  };
  bytePortSuite('serialport, over two 8250 cards', createRig, { longBytes });

  describe('a serial card of a real kernel', () => {
    test('a card that was pulled and put back is opened again', async () => {
      const first = valueOf(await openSerialPort(ttyOf(left), settings));
      const closed = new Promise((resolve) => first.onClosed(resolve));
      pull(left);
      await closed;
      await first[Symbol.asyncDispose]();
      expect(await openSerialPort('/dev/ttyS0', settings)).toMatchObject({ ok: false });
      plugIn(left);
      await using _second = valueOf(await openSerialPort(ttyOf(left), settings));
    });

    test('a card without an RS-485 mode is not opened with one, and says so', async () => {
      const rs485 = { rtsOnSend: true, beforeMs: 0, afterMs: 0, echo: false };
      const opened = await openSerialPort(ttyOf(left), { ...settings, rs485 });
      expect(opened).toMatchObject({
        ok: false,
        error: { kind: 'unsupported', detail: 'this port has no RS-485 mode' },
      });
      await using _port = valueOf(await openSerialPort(ttyOf(left), settings));
    });

    test.for([true, false])('the UART of the board takes the mode, with RTS %s while it sends', (rtsOnSend) => {
      // As on a Raspberry Pi it is a PL011. Here it is the console, so it is not opened as a port: that would throw results away.
      const file = openSync('/dev/ttyAMA0', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
      onTestFinished(() => {
        valueOf(loadNativeGpio()).setRs485(file, 0, 0, 0);
        closeSync(file);
      });
      const set = (more: Partial<Rs485Settings>) =>
        setRs485(file, 'ttyAMA0', { rtsOnSend, beforeMs: 0, afterMs: 0, echo: true, ...more });
      expect(set({})).toMatchObject({ ok: true });
      expect(set({ beforeMs: 1, afterMs: 2 })).toMatchObject({ ok: true });
      expect(set({ afterMs: 2_000 })).toMatchObject({ ok: false, error: { kind: 'unsupported' } }); // The kernel cuts it.
    });

    test('the frame asked for is the frame set', async () => {
      const path = ttyOf(left);
      await using _port = valueOf(
        await openSerialPort(path, { baud: 19_200, dataBits: 7, parity: 'even', stopBits: 2 }),
      );
      const modes = execFileSync('/usr/bin/busybox', ['stty', '-a', '-F', path], { encoding: 'utf8' });
      expect(modes).toMatch(/speed 19200 baud/);
      for (const mode of ['parenb -parodd', ' cs7 ', ' cstopb', ' -crtscts']) expect(modes).toContain(mode);
    });
  });
}

/** PCI addresses of the two cards, in the order of their ttys. */
function findCards(): readonly [string, string] {
  const cards = readdirSync(driverFolder)
    .filter((name) => name.startsWith('0000:'))
    .sort();
  const [left, right] = cards;
  if (left === undefined || right === undefined)
    throw new Error(`expected two serial cards, found ${cards.join(', ')}`);
  return [left, right];
}

function ttyOf(card: string): string {
  const names = readdirSync('/sys/class/tty').filter((name) => name.startsWith('ttyS'));
  const name = names.find((candidate) => realpathSync(`/sys/class/tty/${candidate}`).includes(`/${card}/`));
  if (name === undefined) throw new Error(`the card ${card} has no tty`);
  return `/dev/${name}`;
}

function pull(card: string): void {
  writeFileSync(`${driverFolder}/unbind`, card);
}

function plugIn(card: string): void {
  if (readdirSync(driverFolder).includes(card)) return;
  writeFileSync(`${driverFolder}/bind`, card);
}

/** By the tools of the system, without code of the driver. */
function openRaw(path: string): ReadStream {
  const file = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  execFileSync('/usr/bin/busybox', ['stty', '-F', path, 'raw', '-echo', '115200', 'clocal', '-crtscts']);
  return new ReadStream(file);
}

async function untilSilent(received: Buffer[]): Promise<void> {
  do received.length = 0;
  while ((await delay(30), received.length > 0));
}
