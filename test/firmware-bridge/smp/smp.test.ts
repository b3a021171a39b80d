import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16Xmodem, createConsoleDeframer, encodeConsole } from '../../../firmware-bridge/smp/console-framing.ts';
import { decodePacket, encodePacket } from '../../../firmware-bridge/smp/header.ts';
import { uploadAnswer, uploadPacket } from '../../../firmware-bridge/smp/image-messages.ts';
import { smpAnswerMsMax, smpPacketBytesMax, smpTriesMax } from '../../../firmware-bridge/smp/limits.ts';
import { newUpload, stepUpload, type UploadEffect, type UploadInput } from '../../../firmware-bridge/smp/upload.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { createSmpServer, type SmpServer } from '../../support/smp-server.ts';

describe('a packet on the console', () => {
  it('has the checksum of CRC-16/XMODEM', () => expect(crc16Xmodem(Buffer.from('123456789'))).toBe(0x31c3));

  it('is one line of base64 behind its marker, byte for byte', () => {
    // read · no flags · no body · os group · seq 1 · id 0, with length 10 in front and the checksum behind
    const packet = encodePacket({ operation: 0, group: 0, seq: 1, command: 0, body: new Uint8Array() });
    const framed = Buffer.from([0, 10, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    framed.writeUInt16BE(crc16Xmodem(packet), 10);
    expect(Buffer.from(encodeConsole(packet)).toString('latin1')).toBe(`\u0006\u0009${framed.toString('base64')}\n`);
  });

  it('comes back whatever is in it and however it is cut, shell text around it or not', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 600 });
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 1, max: 200 }), (first, second, size) => {
        const wire = Buffer.concat([
          Buffer.from('uart:~$ \n'),
          encodeConsole(first),
          Buffer.from('[00:00:01] a log line\r\n'),
          encodeConsole(second),
        ]);
        const deframer = createConsoleDeframer();
        const packets: Uint8Array[] = [];
        for (let at = 0; at < wire.length; at += size) {
          deframer.push(wire.subarray(at, at + size), (packet) => packets.push(packet));
        }
        expect(packets).toEqual([first, second]);
        expect(deframer.counters).toEqual({ packets: 2, discarded: 0 });
      }),
    );
  });

  it('is cut into lines of at most 127 bytes', () => {
    const lines = Buffer.from(encodeConsole(new Uint8Array(500).fill(7)))
      .toString('latin1')
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(line.length + 1).toBeLessThanOrEqual(127);
    expect(lines.map((line) => line.slice(0, 2))).toEqual([
      '\u0006\u0009',
      ...Array(lines.length - 1).fill('\u0004\u0014'),
    ]);
  });

  it.each([
    ['with a turned bit', (wire: Buffer) => wire.fill(wire[9] === 65 ? 66 : 65, 9, 10)],
    ['without its first line', (wire: Buffer) => wire.subarray(wire.indexOf(10) + 1)],
    [
      'without its second line',
      (wire: Buffer) => Buffer.concat([wire.subarray(0, wire.indexOf(10) + 1), wire.subarray(wire.indexOf(10) + 128)]),
    ],
  ])('%s is nothing, and the next one is whole', (_, damage) => {
    const good = encodeConsole(Uint8Array.of(1, 2, 3));
    const bad = damage(Buffer.from(encodeConsole(new Uint8Array(300).fill(5))));
    const packets: Uint8Array[] = [];
    createConsoleDeframer().push(Buffer.concat([bad, good]), (packet) => packets.push(packet));
    expect(packets).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  it.each([
    [smpPacketBytesMax, 1],
    [smpPacketBytesMax + 1, 0],
  ])('of %i bytes is taken %i times', (length, count) => {
    const packets: Uint8Array[] = [];
    createConsoleDeframer().push(encodeConsole(new Uint8Array(length)), (packet) => packets.push(packet));
    expect(packets).toHaveLength(count);
  });
});

it('a packet is the same both ways, and one of another length than it says is none', () => {
  const packet = { operation: 2, group: 1, seq: 255, command: 1, body: Uint8Array.of(0xa0) };
  expect(Buffer.from(encodePacket(packet)).toString('hex')).toBe('020000010001ff01a0');
  expect(decodePacket(encodePacket(packet))).toEqual(packet);
  expect(decodePacket(Uint8Array.of(...encodePacket(packet), 0))).toBeUndefined();
  expect(decodePacket(encodePacket(packet).subarray(0, 7))).toBeUndefined();
});

/** Runs an upload against a server until it ends; `pass` says what becomes of each packet on its way. */
function run(image: Uint8Array, server: SmpServer, pass: (turn: number) => boolean = () => true) {
  const sha = createHash('sha256').update(image).digest();
  let state = newUpload(image, sha, 200);
  let nowMs = 0;
  let last: UploadEffect | undefined;
  const inbox: UploadInput[] = [{ kind: 'begin' }];
  for (let turn = 0; turn < 10_000; turn += 1) {
    const input = inbox.shift() ?? { kind: 'tick' };
    if (input.kind === 'tick') nowMs = state.dueMs;
    const { state: next, effects } = stepUpload(state, input, nowMs);
    state = next;
    for (const effect of effects) {
      last = effect;
      if (effect.kind !== 'request' || !pass(turn)) continue;
      const answered = server.answer(encodePacket(uploadPacket(effect.seq, effect.request)));
      const packet = answered && decodePacket(answered);
      const answer = packet && uploadAnswer(packet);
      if (answer !== undefined && pass(turn + 1)) inbox.push({ kind: 'answer', answer });
    }
    if (state.phase !== 'running') break;
  }
  return { phase: state.phase, last, nowMs };
}

describe('an upload', () => {
  const image = Uint8Array.from({ length: 5_001 }, (_, index) => (index * 7) & 0xff);

  it('carries the whole image and its hash', () => {
    const server = createSmpServer();
    expect(run(image, server).phase).toBe('done');
    expect(server.isComplete).toBe(true);
    expect(server.requestsCount).toBe(26);
  });

  it('goes on where the other side is when it begins again', () => {
    const server = createSmpServer();
    let count = 0;
    expect(run(image, server, () => (count += 1) < 20).last).toMatchObject({ kind: 'failed', reason: 'timeout' });
    const hadBytes = server.image.length;
    expect(hadBytes).toBeGreaterThan(1_000);
    const before = server.requestsCount;
    expect(run(image, server).phase).toBe('done');
    expect(server.isComplete).toBe(true);
    expect(server.requestsCount - before).toBeLessThan(26 - hadBytes / 200 + 2);
  });

  it('survives a restart of the other side in the middle', () => {
    const server = createSmpServer();
    const restarting = {
      ...server,
      answer: (packet: Uint8Array) => {
        if (server.requestsCount === 10) server.restart();
        return server.answer(packet);
      },
    };
    expect(run(image, restarting).phase).toBe('done');
    expect(server.isComplete).toBe(true);
  });

  it.each([1, 2, 3, 4, 5])('gets through when a tenth of all packets is lost (seed %i)', (seed) => {
    const server = createSmpServer();
    const random = seededRandom(seed);
    expect(run(image, server, () => random() > 0.1).phase).toBe('done');
    expect(server.isComplete).toBe(true);
  });

  it('fails with timeout when nobody answers, after its tries', () => {
    const { last, nowMs } = run(image, createSmpServer(), () => false);
    expect(last).toMatchObject({ kind: 'failed', reason: 'timeout' });
    expect(nowMs).toBe(smpTriesMax * smpAnswerMsMax);
  });

  it('fails with what the other side says', () => {
    const { last } = run(image, createSmpServer(6));
    expect(last).toEqual({ kind: 'failed', reason: 'refused', detail: 'refused with rc 6 at offset 0' });
  });

  it.each([
    ['an offset beyond the image', { off: 9_999 }, 'refused'],
    ['no offset', {}, 'refused'],
  ])('fails on %s', (_, fields, reason) => {
    const begun = stepUpload(newUpload(image, new Uint8Array(32), 100), { kind: 'begin' }, 0).state;
    const { effects } = stepUpload(begun, { kind: 'answer', answer: { seq: 1, rc: 0, ...fields } }, 1);
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'failed', reason }));
  });

  it('ends when the other side asks for the same offset for ever, and minds no answer to an older request', () => {
    let state = stepUpload(newUpload(image, new Uint8Array(32), 100), { kind: 'begin' }, 0).state;
    expect(stepUpload(state, { kind: 'answer', answer: { seq: 9, rc: 0, off: 100 } }, 1).effects).toEqual([]);
    for (let count = 0; count < 20 && state.phase === 'running'; count += 1) {
      state = stepUpload(state, { kind: 'answer', answer: { seq: state.seq, rc: 0, off: 0 } }, 1).state;
    }
    expect(state.phase).toBe('failed');
  });
});
