import { expect, test } from 'vitest';
import { type SerialSettings, serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { crc16Modbus } from '../../../drivers/modbus/crc16.ts';
import { RtuMaster } from '../../../drivers/modbus/rtu-master.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const read = { code: 3, address: 0x100, count: 1 } as const;
/** 8N1 at 9600 baud: a character takes 1.04 ms, a request 8.3 ms and this answer 7.3 ms. */
const allowedMs = 300 + 8.4 + 7.3;

function createRig(settings: SerialSettings = serialSettings8N1) {
  const clock = createFakeClock();
  const sent: { readonly hex: string; readonly atMs: number }[] = [];
  const line: { result: Result<void> } = { result: ok() };
  const write = async (bytes: Uint8Array) => {
    sent.push({ hex: Buffer.from(bytes).toString('hex'), atMs: clock.monotonicMs() });
    return line.result;
  };
  const options = { resource: '/dev/bus', settings, answerMs: 300 };
  const master = new RtuMaster({ clock, write, buffer: new Uint8Array(256) }, options);
  return { clock, sent, line, master };
}

function frame(body: string): Uint8Array {
  const bytes = Buffer.from(body.replaceAll(' ', ''), 'hex');
  const crc = crc16Modbus(bytes);
  return Uint8Array.from([...bytes, crc & 0xff, crc >> 8]);
}

test('an answer that comes in pieces ends the transaction with its last byte', async () => {
  const { clock, master, sent } = createRig();
  const asking = master.transact(3, read);
  await clock.advance(20);
  expect(sent.map(({ hex }) => hex)).toEqual([Buffer.from(frame('03 03 0100 0001')).toString('hex')]);
  for (const byte of frame('03 03 02 1234')) master.receive(Uint8Array.of(byte));
  expect(await asking).toEqual({ end: 'answered', result: { ok: true, value: [0x1234] } });
  expect(clock.timersCount).toBe(0);
});

test('no answer is a time-out that says what to check', async () => {
  const { clock, master } = createRig();
  const asking = master.transact(3, read);
  await clock.advance(allowedMs + 1);
  const detail = 'function 3 at 0x0100: no answer within 300 ms';
  const error = { kind: 'timeout', resource: '/dev/bus unit 3', detail, fix: expect.stringContaining('wiring') };
  expect(await asking).toMatchObject({ end: 'silent', result: { ok: false, error } });
});

test('a damaged answer is told as such', async () => {
  const { clock, master } = createRig();
  const asking = master.transact(3, read);
  await clock.advance(20);
  master.receive(Uint8Array.of(3, 3, 2, 0x12, 0x34, 0, 0));
  await clock.advance(allowedMs);
  const error = { kind: 'io', detail: 'function 3 at 0x0100: 7 bytes came, and no sound answer in them' };
  expect(await asking).toMatchObject({ end: 'silent', result: { ok: false, error } });
});

test('an exception is an answer, with its meaning', async () => {
  const { clock, master } = createRig();
  const asking = master.transact(3, read);
  await clock.advance(20);
  master.receive(frame('03 83 02'));
  const detail = 'function 3 at 0x0100: refused with exception 2, illegal data address';
  const error = { kind: 'absent', detail, fix: expect.stringContaining('count from 1') };
  expect(await asking).toMatchObject({ end: 'answered', result: { ok: false, error } });
});

test('before the next request the line has been silent for 3.5 characters', async () => {
  const { clock, master, sent } = createRig();
  const first = master.transact(3, read);
  await clock.advance(20);
  master.receive(frame('03 03 02 0001'));
  await first;
  void master.transact(3, read);
  await clock.advance(10);
  expect((sent[1]?.atMs ?? 0) - 20).toBeCloseTo(3.5 * (10_000 / 9_600), 5);
});

test('an answer that came too late is forgotten when the next request goes out', async () => {
  const { clock, master } = createRig();
  const first = master.transact(3, read);
  await clock.advance(allowedMs + 1);
  await first;
  master.receive(frame('03 03 02 0bad'));
  const second = master.transact(3, read);
  await clock.advance(20);
  master.receive(frame('03 03 02 0001'));
  expect(await second).toMatchObject({ result: { value: [1] } });
});

test('an answer to who had the port before is none to the first request, which waits for as long as it may take', async () => {
  const { clock, master, sent } = createRig();
  master.begin();
  const asking = master.transact(3, read);
  await clock.advance(290);
  expect(sent).toEqual([]);
  master.receive(frame('03 03 02 0bad'));
  await clock.advance(20);
  expect(sent).toHaveLength(1);
  master.receive(frame('03 03 02 0001'));
  expect(await asking).toMatchObject({ result: { value: [1] } });
});

test('more bytes than an answer can have are dropped, and the next request works', async () => {
  const { clock, master } = createRig();
  const first = master.transact(3, read);
  await clock.advance(20);
  for (let count = 0; count < 100; count += 1) master.receive(new Uint8Array(4_096).fill(0xff));
  await clock.advance(allowedMs);
  expect(await first).toMatchObject({ end: 'silent', result: { error: { kind: 'io' } } });
  const second = master.transact(3, read);
  await clock.advance(20);
  master.receive(frame('03 03 02 0001'));
  expect(await second).toMatchObject({ end: 'answered' });
});

test('a port that does not take the request, or goes away, is no fault of the unit', async () => {
  const { clock, line, master } = createRig();
  const asking = master.transact(3, read);
  await clock.advance(20);
  master.lose();
  expect(await asking).toMatchObject({ end: 'unsent', result: { ok: false, error: { kind: 'closed' } } });
  line.result = fail({ kind: 'closed', operation: 'write', resource: '/dev/bus', detail: 'unplugged' });
  const next = master.transact(3, read);
  await clock.advance(20);
  expect(await next).toMatchObject({ end: 'unsent', result: { error: { detail: 'unplugged' } } });
  expect(clock.timersCount).toBe(0);
});

const rs485 = { rtsOnSend: true, beforeMs: 0, afterMs: 0, echo: true };
const writes = [
  [{ code: 5, address: 1, isOn: true }, '03 05 0001 ff00'],
  [{ code: 6, address: 256, word: 7 }, '03 06 0100 0007'],
] as const;

test.for(writes)('on a line that hears itself its own %o is no answer', async ([request, body]) => {
  const { clock, master } = createRig({ ...serialSettings8N1, rs485 });
  const unanswered = master.transact(3, request);
  await clock.advance(10);
  master.receive(frame(body));
  await clock.advance(400);
  expect(await unanswered).toMatchObject({ end: 'silent', result: { error: { kind: 'timeout' } } });
  const answered = master.transact(3, request);
  await clock.advance(10);
  for (const byte of [0, ...frame(body), ...frame(body)]) master.receive(Uint8Array.of(byte));
  expect(await answered).toEqual({ end: 'answered', result: { ok: true, value: [] } });
});

test.for(writes)('a read shows whether the line hears itself, for %o', async ([request, body]) => {
  const { clock, master } = createRig();
  const ask = async (asked: Parameters<RtuMaster['transact']>[1], ...came: readonly Uint8Array[]) => {
    const asking = master.transact(3, asked);
    await clock.advance(10);
    for (const bytes of came) master.receive(bytes);
    await clock.advance(400);
    return (await asking).end;
  };
  const echo = frame('03 03 0100 0001');
  const answer = frame('03 03 02 1234');
  expect(await ask(request, frame(body))).toBe('answered');
  expect(await ask(read, echo)).toBe('silent');
  expect(await ask(request, frame(body))).toBe('silent');
  expect(await ask(read, answer)).toBe('answered'); // Another adapter was plugged in.
  expect(await ask(request, frame(body))).toBe('answered');
  expect(await ask(read, echo, answer)).toBe('answered');
  expect(await ask(request, frame(body))).toBe('silent');
  expect(await ask(request, frame(body), frame(body))).toBe('answered');
});
