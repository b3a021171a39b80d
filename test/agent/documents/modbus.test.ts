import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { modbusRtu } from '../../../agent/documents/modbus-rtu.ts';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { crc16Modbus } from '../../../drivers/modbus/crc16.ts';
import { openBytePort } from '../../../drivers/registry.ts';
import { slaveMissing, startModbusSlave } from '../../support/modbus-slave.ts';
import { fieldOf, startPluggedAgent } from '../../support/plugged-agent.ts';
import { openPtyPair, ptyMissing } from '../../support/pty.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';
import { watchSurroundings } from './surroundings.ts';

const missing = ptyMissing ?? slaveMissing;

/** A register of unit 1 on the bus, polled often. */
const register = (name: string, rest: string, unit = 1) =>
  `${name}: { driver: modbus-register, bus: bus, unit: ${unit}, poll: 50ms, ${rest} }`;

async function openBoard(documents: readonly string[], units: readonly number[]) {
  const pair = await openPtyPair();
  onTestFinished(() => pair[Symbol.asyncDispose]());
  const slave = await startModbusSlave(pair.right, units);
  onTestFinished(() => slave[Symbol.asyncDispose]());
  const bus = `bus: { driver: modbus-rtu, port: ${pair.left}, timeout: 200ms }`;
  const board = await startPluggedAgent({ documents: [...documents, bus], openBytePort });
  onTestFinished(() => board[Symbol.asyncDispose]());
  return { slave, board };
}

describe.skipIf(missing !== undefined)(`registers of pymodbus${missing === undefined ? '' : ` (${missing})`}`, () => {
  // The table of the slave, what to write, the words it must hold then, what is told.
  test.for([
    ['table: input, type: u16', 4, undefined, '1001', 1_001],
    ['table: holding, type: u16, write: true', 3, '65535', '65535', 65_535],
    ['type: i16, scale: 0.1, write: true', 3, '-12.5', `${0x1_0000 - 125}`, -12.5],
    ['type: u32, write: true', 3, '4000000000', '61035 10240', 4_000_000_000],
    ['type: u32, word-order: little, write: true', 3, '4000000000', '10240 61035', 4_000_000_000],
    ['type: i32, write: true', 3, '-2', '65535 65534', -2],
    ['type: f32, write: true', 3, '21.7', '16813 39322', 21.7],
    ['type: bool, write: true', 3, 'ON', '1', true],
    ['table: coil, write: true', 1, 'ON', '1', true],
    ['table: discrete', 2, undefined, '0', false],
  ] as const)('%s', async ([config, table, written, held, value]) => {
    const { slave, board } = await openBoard([register('value', `register: 10, ${config}`)], [1]);
    if (written !== undefined) {
      board.notify('value', written);
      await board.hearAck('value', 'successful');
    }
    expect(await slave.command(`get ${table} 1 10 ${held.split(' ').length}`)).toBe(held);
    await board.hear('state/value', value);
  });

  test('a value that changes in the unit is told, and no other', async () => {
    const { slave, board } = await openBoard([register('value', 'register: 3')], [1]);
    await board.hear('state/value', 301);
    await slave.command('set 3 1 3 77');
    await board.hear('state/value', 77);
    const told = board.said.all.filter(({ topic }) => topic === 'state/value');
    expect(told.map(({ message }) => message.val)).toEqual([301, 77]);
  });

  test('what does not fit is refused and changes nothing', async () => {
    const documents = [register('value', 'register: 3, write: true'), register('fixed', 'register: 4')];
    const { slave, board } = await openBoard(documents, [1]);
    await board.hear('state/value', 301);
    board.notify('value', '70000');
    const { message } = await board.hearAck('value', 'rejected');
    expect([message.why, message.detail]).toEqual(['out-of-range', '70000 does not fit u16; send 0 to 65535']);
    board.notify('fixed', '1');
    expect((await board.hearAck('fixed', 'rejected')).message.why).toBe('unsupported');
    board.notify('bus', '1');
    expect((await board.hearAck('bus', 'rejected')).message.why).toBe('unsupported');
    expect(await slave.command('get 3 1 3 2')).toBe('301 401');
  });

  test('a write whose ttl runs out while the bus is busy expires, and is not done', async () => {
    const documents = [
      register('one', 'register: 1, write: true'),
      register('two', 'register: 2, write: true', 2).replace('poll: 50ms', 'poll: 60s'),
    ];
    const { slave, board } = await openBoard(documents, [1, 2]);
    await board.hear('state/one', 101);
    await board.hear('state/two', 202);
    await slave.command('mute 2');
    board.notify('two', '7'); // For 200 ms the bus waits for its answer.
    board.notify('one', JSON.stringify({ t: 'notify', id: '1', src: 'ops', val: 9, ttl: 50 }));
    const { message } = await board.hearAck('one', 'expired');
    expect([message.why, message.detail]).toEqual(['expired', 'its ttl ran out while it waited; nothing was written']);
    await board.hearAck('two', 'failed');
    expect(await slave.command('get 3 1 1 1')).toBe('101');
  });

  test('a unit that stops to answer is in the health report, keeps its last value, and comes back', async () => {
    const documents = [register('one', 'register: 1'), register('two', 'register: 2, write: true', 2)];
    const { slave, board } = await openBoard(documents, [1, 2]);
    await board.hear('state/two', 202);
    await board.hearHealth('online');
    await slave.command('mute 2');
    const health = await board.hearHealth('degraded');
    expect(fieldOf(health.message.val, 'why')).toEqual([
      expect.stringMatching(/^two: ask \/dev\/pts\/\d+ unit 2: function 3 at 0x0002: no answer within 200 ms \(check/),
    ]);
    board.notify('two', '5');
    expect((await board.hearAck('two', 'failed')).message.why).toBe('driver-timeout');
    await slave.command('set 3 1 1 9');
    await board.hear('state/one', 9);
    await slave.command('unmute 2');
    await board.hearHealth('online');
    expect(board.said.all.filter(({ topic }) => topic === 'state/two')).toHaveLength(1);
  });

  test('a register that the unit has not is told at boot, and the board is degraded', async () => {
    const { board } = await openBoard([register('value', 'register: 1000')], [1]);
    const health = await board.hearHealth('degraded');
    expect(JSON.stringify(fieldOf(health.message.val, 'why'))).toContain('exception 2, illegal data address');
  });
});

test.skipIf(ptyMissing !== undefined)(
  'a late answer to a bus before its config changed is none to the bus after',
  async () => {
    await using pair = await openPtyPair();
    await using unit = valueOf(await openBytePort(pair.right, serialSettings8N1));
    const asked: number[] = [];
    unit.onData((request) => {
      const address = request[3] ?? 0;
      asked.push(address);
      setTimeout(() => void unit.write(withCrc([1, 3, 2, 0, address]), 1_000), 150);
    });
    const open = async () => {
      const surroundings = { ...watchSurroundings(), clock: systemClock, openBytePort };
      const common = { driver: 'modbus-rtu', priority: 'normal', retained: 'refuse' } as const;
      const config = { ...common, port: pair.left, settings: serialSettings8N1, answerMs: 300 };
      const document = valueOf(await modbusRtu.open(config, surroundings));
      return { document, read: (address: number) => document.modbus?.perform(1, { code: 3, address, count: 1 }) };
    };
    const before = await open();
    void before.read(1);
    await until(() => asked.length === 1, 'the request');
    await before.document[Symbol.asyncDispose]();
    const after = await open();
    expect(await after.read(2)).toEqual({ ok: true, value: [2] });
    await after.document[Symbol.asyncDispose]();
  },
);

test('a bus whose port comes up later brings its registers with it', async () => {
  const documents = [register('value', 'register: 0'), 'bus: { driver: modbus-rtu, port: /dev/bus }'];
  await using board = await startPluggedAgent({ documents });
  await board.hearHealth('degraded');
  board.plug('/dev/bus');
  await board.hear('state/bus', { open: true });
  const line = board.line('/dev/bus')?.right;
  line?.onData(() => {
    void line.write(withCrc([1, 3, 2, 0, 42]), 1_000);
  });
  await board.hear('state/value', 42);
  await board.hearHealth('online');
  board.unplug('/dev/bus');
  const health = await board.hearHealth('degraded');
  expect(JSON.stringify(fieldOf(health.message.val, 'why'))).toContain('unplugged');
});

function withCrc(body: readonly number[]): Uint8Array {
  const crc = crc16Modbus(Uint8Array.from(body));
  return Uint8Array.from([...body, crc & 0xff, crc >> 8]);
}
