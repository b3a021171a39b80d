import { expect, test } from 'vitest';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import { modbusCommandsCountMax } from '../../../drivers/limits.ts';
import { ModbusBus, type PollOptions } from '../../../drivers/modbus/bus.ts';
import { crc16Modbus } from '../../../drivers/modbus/crc16.ts';
import type { ModbusRequest } from '../../../drivers/modbus/request.ts';
import { RtuMaster } from '../../../drivers/modbus/rtu-master.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const answerMs = 300;
const busyMs = 10;
const request: ModbusRequest = { code: 3, address: 0, count: 1 };
const write: ModbusRequest = { code: 6, address: 0, word: 1 };

/** A line on which each transaction takes its time; units in `dead` do not answer. */
function createRig() {
  const clock = createFakeClock();
  const dead = new Set<number>();
  const asked: { readonly unit: number; readonly atMs: number; readonly code: number }[] = [];
  let inFlightCount = 0;
  const bus = new ModbusBus('bus', clock, {
    async transact(unit, { code }) {
      inFlightCount += 1;
      expect(inFlightCount).toBe(1);
      asked.push({ unit, atMs: clock.monotonicMs(), code });
      const isDead = dead.has(unit);
      await new Promise<void>((resolve) => void clock.after(isDead ? answerMs : busyMs, resolve));
      inFlightCount -= 1;
      if (!isDead) return { end: 'answered', result: ok([unit]) };
      return {
        end: 'silent',
        result: fail({ kind: 'timeout', operation: 'ask', resource: `unit ${unit}`, detail: 'no answer' }),
      };
    },
  });
  const poll = (unit: number, everyMs: number, tell: PollOptions['tell'] = () => undefined) =>
    bus.poll({ unit, request, everyMs, tell });
  const countOf = (unit: number) => asked.filter((item) => item.unit === unit).length;
  return { clock, dead, asked, bus, poll, countOf };
}

test('a poll is asked at once and then at its pace', async () => {
  const { clock, asked, poll } = createRig();
  poll(1, 100);
  await clock.advance(1_000);
  expect(asked.map(({ atMs }) => atMs)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
});

test('a dead unit takes less than a tenth of the pace of another', async () => {
  const { clock, dead, poll, countOf } = createRig();
  dead.add(2);
  poll(1, 100);
  for (let count = 0; count < 5; count += 1) poll(2, 100);
  await clock.advance(60_000);
  expect(countOf(1)).toBeGreaterThan(600 * 0.9);
  expect(countOf(2)).toBeGreaterThan(3);
  expect(countOf(2)).toBeLessThan(12);
});

test('after a pause one request tries, not one of each poll', async () => {
  const { clock, dead, poll, countOf } = createRig();
  dead.add(2);
  for (let count = 0; count < 5; count += 1) poll(2, 100);
  await clock.advance(3 * answerMs + 2 * 1_000);
  expect(countOf(2)).toBe(3);
  await clock.advance(1_000 + answerMs);
  expect(countOf(2)).toBe(4);
});

test('every poll of a unit that is left alone is told so', async () => {
  const { clock, dead, poll } = createRig();
  const told: string[] = [];
  dead.add(2);
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    poll(2, 1_000, (answer) => void told.push(`${name} ${answer.ok ? 'ok' : answer.error.detail.slice(0, 18)}`));
  await clock.advance(2_950);
  const leftAlone = ['d', 'e', 'a', 'b', 'c'].map((name) => `${name} it does not answer`);
  expect(told).toEqual(['a no answer', 'b no answer', 'c no answer', ...leftAlone]);
});

test('a unit that answers again has its pace back', async () => {
  const { clock, dead, poll, countOf } = createRig();
  dead.add(2);
  poll(2, 100);
  await clock.advance(20_000);
  dead.delete(2);
  await clock.advance(17_000);
  const before = countOf(2);
  await clock.advance(10_000);
  expect(countOf(2) - before).toBe(100);
});

test('a command to a unit that is left alone fails at once and does not touch the line', async () => {
  const { clock, dead, asked, bus, poll } = createRig();
  dead.add(2);
  poll(2, 100);
  await clock.advance(3_000);
  const before = asked.length;
  expect(await bus.perform(2, write)).toMatchObject({ ok: false, error: { kind: 'timeout', resource: 'bus unit 2' } });
  expect(asked).toHaveLength(before);
});

test('commands and polls take turns, so that neither starves the other', async () => {
  const { clock, asked, bus, poll } = createRig();
  poll(1, 10);
  const ends = Array.from({ length: 20 }, () => bus.perform(1, write));
  await clock.advance(600);
  expect((await Promise.all(ends)).every((answer) => answer?.ok)).toBe(true);
  expect(asked.slice(0, 10).map(({ code }) => code)).toEqual([3, 6, 3, 6, 3, 6, 3, 6, 3, 6]);
});

test('a poll that was late is not made up for', async () => {
  const { clock, asked, poll } = createRig();
  poll(1, 4); // A transaction alone takes more.
  poll(2, 4);
  await clock.advance(1_000);
  expect(asked.length).toBeLessThanOrEqual(102);
  expect(Math.abs(asked.filter(({ unit }) => unit === 1).length - asked.length / 2)).toBeLessThanOrEqual(1);
});

test('a command that is not wanted any more when its turn comes is left out, and what waits behind it is not', async () => {
  const { clock, asked, bus } = createRig();
  const first = bus.perform(1, write);
  const stale = bus.perform(2, write, () => clock.monotonicMs() < busyMs);
  const last = bus.perform(3, write, () => clock.monotonicMs() <= busyMs);
  await clock.advance(2 * busyMs);
  expect([(await first)?.ok, await stale, (await last)?.ok]).toEqual([true, undefined, true]);
  expect(asked.map(({ unit, atMs }) => [unit, atMs])).toEqual([
    [1, 0],
    [3, busyMs],
  ]);
});

test('more commands than the bound are refused', async () => {
  const { bus } = createRig();
  for (let count = 0; count <= modbusCommandsCountMax; count += 1) void bus.perform(1, write);
  expect(await bus.perform(1, write)).toMatchObject({ ok: false, error: { kind: 'busy' } });
});

test('disposal ends what waits, asks nothing more and leaves no timer', async () => {
  const { clock, asked, bus, poll } = createRig();
  poll(1, 1_000);
  const first = bus.perform(1, write);
  const second = bus.perform(1, write);
  bus[Symbol.dispose]();
  expect(await first).toMatchObject({ ok: false, error: { kind: 'closed' } });
  expect(await second).toMatchObject({ ok: false, error: { kind: 'closed' } });
  await clock.advance(10_000);
  expect([asked.length, clock.timersCount]).toEqual([1, 0]);
  expect(await bus.perform(1, write)).toMatchObject({ ok: false, error: { kind: 'closed' } });
});

test('a poll that was disposed of is neither asked nor told', async () => {
  const { clock, poll, countOf } = createRig();
  const told: unknown[] = [];
  const polling = poll(1, 100, (answer) => told.push(answer));
  await clock.advance(5);
  polling[Symbol.dispose]();
  await clock.advance(1_000);
  expect([countOf(1), told]).toEqual([1, []]);
});

test('the answer of a slow unit is never told as that of another register', async () => {
  const clock = createFakeClock();
  let latencyMs = answerMs + 700;
  const write = async (bytes: Uint8Array) => {
    const [unit = 0, , , address = 0] = bytes;
    const body = [unit, 3, 2, 0, address];
    const crc = crc16Modbus(Uint8Array.from(body));
    clock.after(latencyMs, () => master.receive(Uint8Array.from([...body, crc & 0xff, crc >> 8])));
    return ok();
  };
  const options = { resource: 'bus', settings: serialSettings8N1, answerMs };
  const master = new RtuMaster({ clock, write, buffer: new Uint8Array(256) }, options);
  const bus = new ModbusBus('bus', clock, master);
  const told: string[] = [];
  for (const address of [10, 20, 30]) {
    const tell: PollOptions['tell'] = (answer) =>
      told.push(`${address} ${answer.ok ? answer.value.join() : answer.error.kind}`);
    bus.poll({ unit: 1, request: { ...request, address }, everyMs: 100, tell });
  }
  await clock.advance(60_000);
  expect(new Set(told)).toEqual(new Set(['10 timeout', '20 timeout', '30 timeout']));
  latencyMs = busyMs;
  await clock.advance(60_000);
  expect(new Set(told.slice(-50))).toEqual(new Set(['10 10', '20 20', '30 30']));
});

test('a poll that failed comes again within a second, however rare it is', async () => {
  const { clock, dead, poll, countOf } = createRig();
  const told: boolean[] = [];
  dead.add(2);
  poll(2, 3_600_000, ({ ok }) => void told.push(ok));
  await clock.advance(answerMs);
  dead.delete(2);
  await clock.advance(1_000 + busyMs);
  expect(told).toEqual([false, true]);
  await clock.advance(3_600_000);
  expect(countOf(2)).toBe(3);
});
