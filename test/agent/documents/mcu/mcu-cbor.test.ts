import { describe, expect, it } from 'vitest';
import { readBody } from '../../../../agent/documents/mcu/read-body.ts';
import type { Channel } from '../../../../firmware-bridge/link/bodies.ts';
import { startMcuAgent } from '../../../support/mcu-agent.ts';
import { fieldOf } from '../../../support/plugged-agent.ts';
import { until } from '../../../support/until.ts';

const mcu = 'firmware.mcu0';
const channels: readonly Channel[] = [
  { number: 1, role: 'output', valueType: 'bool', name: 'out1', safe: false },
  { number: 2, role: 'input', valueType: 'u32', name: 'speed' },
  { number: 3, role: 'input', valueType: 'none', name: 'gps' },
];

async function started() {
  const rig = await startMcuAgent({ firmware: { channels } });
  await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && fieldOf(message.val, 'link') === 'up');
  const about = (field: string) =>
    fieldOf(rig.agent.sources.drivers().find(({ document }) => document === mcu)?.about, field);
  return Object.assign(rig, {
    about,
    /** A DATA body, written by hand: what firmware with a CBOR encoder of its own sends. */
    tell: (...hex: readonly string[]) => rig.board.mcu.send(bytesOf(...hex)),
  });
}

function bytesOf(...hex: readonly string[]): Buffer {
  return Buffer.from(hex.join('').replaceAll(' ', ''), 'hex');
}

const successful = '6a 7375636365737366756c';

/** `3: "<text>"`, the name of the channel. */
function doc(name: string): string {
  return `03 ${(0x60 + name.length).toString(16)}${Buffer.from(name).toString('hex')}`;
}

describe('what a microcontroller says in CBOR', () => {
  it('is the value of a channel', async () => {
    await using rig = await started();
    rig.tell('a3', '00 02', doc('speed'), '07 19 05dc'); // {t: snapshot, doc: "speed", val: 1500}
    await rig.hear(`state/${mcu}.speed`, 1_500);
    expect(rig.about('malformed')).toBe(0);
  });

  it('is any value where the channel has no type: text, numbers, maps', async () => {
    await using rig = await started();
    // {t: snapshot, doc: "gps", val: {"fix": true, "sats": 9}}
    rig.tell('a3', '00 02', doc('gps'), '07 a2', '63 666978 f5', '64 73617473 09');
    await rig.hear(`state/${mcu}.gps`, { fix: true, sats: 9 });
    // {t: event, doc: "gps", val: "lost"}
    rig.tell('a3', '00 06', doc('gps'), '07 64 6c6f7374');
    await rig.hear(`event/${mcu}.gps`, 'lost');
  });

  it('tells what happened to an output, and acks in CBOR are taken', async () => {
    await using rig = await started();
    rig.notify(`${mcu}.out1`, 'ON');
    await rig.hearAck(`${mcu}.out1`, 'successful');
    expect(rig.board.wire(1)).toBe(true);
    await rig.hear(`state/${mcu}.out1`, false);
    await rig.hear(`state/${mcu}.out1`, true);
    rig.tell('a4', '00 05', '01 1a ffffffff', doc('out1'), '0d', successful); // For a command nobody gave: no matter.
    rig.tell('a3', '00 02', doc('out1'), '07 f4'); // It went off by itself.
    await rig.hear(`state/${mcu}.out1`, false);
    expect(rig.about('malformed')).toBe(0);
  });

  it.each([
    ['no message', ['01'], 'compact: expected 17 bytes'],
    ['cut short', ['a3', '00 02', doc('speed'), '07 19 05'], 'not CBOR at byte'],
    ['for a channel that there is not', ['a3', '00 02', doc('nix'), '07 01'], 'there is no channel nix'],
    ['without a channel', ['a2', '00 02', '07 01'], 'doc (key 3), the name of the channel, is missing'],
    ['no value of the channel', ['a3', '00 02', doc('speed'), '07 f5'], 'that is no value of channel speed'],
    [
      'more than the channel holds',
      ['a3', '00 02', doc('speed'), '07 1b 00000001 00000000'],
      'no value of channel speed',
    ],
    ['a command for the board', ['a3', '00 04', doc('speed'), '07 01'], 'tells snapshots, events and acks, no notify'],
    [
      'an ack without a command',
      ['a3', '00 05', doc('out1'), '0d', successful],
      'id (key 1) of the command is missing',
    ],
  ])('%s changes nothing, is counted, and health says why', async (_, hex, why) => {
    await using rig = await started();
    rig.tell(...hex);
    await until(() => rig.about('malformed') === 1, 'counted');
    expect(rig.about('malformed_why')).toContain(why);
    rig.tell('a3', '00 02', doc('speed'), '07 07');
    await rig.hear(`state/${mcu}.speed`, 7); // The link goes on.
    expect(
      rig.said.all.filter(({ topic }) => topic === `state/${mcu}.speed`).map(({ message }) => message.val),
    ).toEqual([0, 7]);
  });

  it.each([
    ['05', '0d 68 72656a6563746564 0e 64 62757379', { status: 'rejected', reason: 'busy' }], // st: "rejected", why: "busy"
    ['1b 00000001 00000000', `0d ${successful}`, { status: 'successful' }],
  ])('an ack is one for the id it names: %s', (id, rest, said) => {
    const count = rest.startsWith('0d 68') ? 'a5' : 'a4';
    const read = readBody(bytesOf(count, '00 05', '01', id, doc('out1'), rest), 0);
    const number = Number(`0x${id.replaceAll(' ', '').slice(id.length > 2 ? 2 : 0)}`);
    expect(read).toEqual({ ok: true, value: { channel: 'out1', said: { kind: 'ack', id: number, ...said } } });
  });

  it('is dated by the clock over there, where it says so', () => {
    // {t: event, doc: "gps", val: 1, ts: 2 ^ 32 + 5, clk: boot}
    const read = readBody(bytesOf('a5', '00 06', doc('gps'), '07 01', '08 1b 00000001 00000005', '09 02'), 0);
    expect(read).toEqual({ ok: true, value: { channel: 'gps', stampMs: 5, said: { kind: 'event', value: 1 } } });
  });
});
