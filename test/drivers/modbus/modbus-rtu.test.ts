import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import type { SerialSettings } from '../../../drivers/contract/byte-port.ts';
import { ModbusBus } from '../../../drivers/modbus/bus.ts';
import { RtuMaster } from '../../../drivers/modbus/rtu-master.ts';
import { openSerialPort } from '../../../drivers/serial-port.ts';
import { slaveMissing, startModbusSlave } from '../../support/modbus-slave.ts';
import { openPtyPair, ptyMissing } from '../../support/pty.ts';
import { openSerialBus } from '../../support/serial-bus.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';

const missing = ptyMissing ?? slaveMissing;
const settings: SerialSettings = { baud: 19_200, dataBits: 8, parity: 'none', stopBits: 1 };
const answerMs = 200;

async function openLine(units: readonly number[]) {
  const pair = await openPtyPair();
  onTestFinished(() => pair[Symbol.asyncDispose]());
  const slave = await startModbusSlave(pair.right, units);
  onTestFinished(() => slave[Symbol.asyncDispose]());
  return { slave, ...(await openMaster(pair.left)) };
}

async function openMaster(resource: string) {
  const port = valueOf(await openSerialPort(resource, settings));
  onTestFinished(() => port[Symbol.asyncDispose]());
  const write = (bytes: Uint8Array, timeoutMs: number) => port.write(bytes, timeoutMs);
  const options = { resource, settings, answerMs };
  const master = new RtuMaster({ clock: systemClock, write, buffer: new Uint8Array(256) }, options);
  port.onData((chunk) => master.receive(chunk));
  return { master };
}

describe.skipIf(missing !== undefined)(`against pymodbus${missing === undefined ? '' : ` (${missing})`}`, () => {
  test('all functions: what it holds is read, and what is written it holds', async () => {
    const { slave, master } = await openLine([1]);
    const ask = async (request: Parameters<RtuMaster['transact']>[1]) =>
      valueOf((await master.transact(1, request)).result);
    expect(await ask({ code: 1, address: 0, count: 10 })).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
    expect(await ask({ code: 2, address: 3, count: 2 })).toEqual([1, 0]);
    expect(await ask({ code: 3, address: 5, count: 3 })).toEqual([501, 601, 701]);
    expect(await ask({ code: 4, address: 39, count: 1 })).toEqual([3_901]);
    await ask({ code: 5, address: 1, isOn: true });
    expect(await slave.command('get 1 1 0 4')).toBe('1 1 0 1');
    await ask({ code: 6, address: 2, word: 48_879 });
    expect(await slave.command('get 3 1 2 1')).toBe('48879');
    await ask({ code: 15, address: 10, bits: [true, true, false, true, true, true, true, true, true, true] });
    expect(await slave.command('get 1 1 10 10')).toBe('1 1 0 1 1 1 1 1 1 1');
    await ask({ code: 16, address: 30, words: [1, 0xffff, 3] });
    expect(await slave.command('get 3 1 30 3')).toBe('1 65535 3');
  });

  test('the longest answer there is', async () => {
    const { master } = await openLine([1]);
    const answer = await master.transact(1, { code: 3, address: 0, count: 40 });
    expect(valueOf(answer.result)).toEqual(Array.from({ length: 40 }, (_, index) => index * 100 + 1));
  });

  test('a register that there is not is refused in the words of the specification', async () => {
    const { master } = await openLine([1]);
    const answer = await master.transact(1, { code: 3, address: 1_000, count: 1 });
    const error = { kind: 'absent', detail: expect.stringContaining('exception 2, illegal data address') };
    expect(answer).toMatchObject({ end: 'answered', result: { ok: false, error } });
  });

  test('a unit that there is not times out, and the next one answers', async () => {
    const { master } = await openLine([1]);
    const request = { code: 3, address: 0, count: 1 } as const;
    expect(await master.transact(9, request)).toMatchObject({ end: 'silent', result: { error: { kind: 'timeout' } } });
    expect(valueOf((await master.transact(1, request)).result)).toEqual([1]);
  });

  test('while a slave is dead the other keeps its pace, and both have it when it is back (TEST_MODBUS_DEAD_MS: for how long)', {
    timeout: 90_000,
  }, async () => {
    const deadMs = Number(process.env['TEST_MODBUS_DEAD_MS'] ?? 2_000);
    await using wires = await openSerialBus(settings);
    await using _living = await wires.startSlave([1]);
    const mortal = await wires.startSlave([2]);
    const { master } = await openMaster(wires.port);
    using bus = new ModbusBus('bus', systemClock, master);
    const counts = { one: 0, two: 0, failed: 0 };
    const request = { code: 3, address: 0, count: 2 } as const;
    bus.poll({ unit: 1, request, everyMs: 50, tell: ({ ok }) => void (counts.one += Number(ok)) });
    bus.poll({ unit: 2, request, everyMs: 50, tell: ({ ok }) => void (ok ? (counts.two += 1) : (counts.failed += 1)) });
    const during = async (ms: number) => {
      const before = { ...counts };
      await new Promise((resolve) => setTimeout(resolve, ms)); // The time over which polls are counted.
      return { one: counts.one - before.one, two: counts.two - before.two };
    };
    await until(() => counts.one > 5 && counts.two > 5, 'polls of both', 20_000);
    const alive = await during(1_000);
    await mortal[Symbol.asyncDispose](); // The process is killed, and its line is gone.
    await during(3 * answerMs + 300); // Until it is known that it is dead.
    const dead = await during(deadMs);
    await using _next = await wires.startSlave([2]);
    await until(() => counts.two > alive.two + 20, 'the polls of the slave that is back', 40_000);
    expect(alive.two).toBeGreaterThan(0);
    expect(dead.two).toBe(0);
    expect(counts.failed).toBeGreaterThan(0);
    expect(dead.one / deadMs).toBeGreaterThan((alive.one / 1_000) * 0.7);
  });
});
