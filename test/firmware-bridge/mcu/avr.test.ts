import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { type CompactFields, decodeCompact, encodeCompact } from '../../../agent/qn/compact.ts';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { openSerialPort } from '../../../drivers/serial-port.ts';
import type { SafeReason } from '../../../firmware-bridge/link/bodies.ts';
import { type McuBridge, openBridge } from '../../../firmware-bridge/link/bridge.ts';
import { mcuSources, openWorkshop, strict } from '../../support/c-compiler.ts';
import { avrMissing, buildFirmware, simavrMissing, startUno, type Uno } from '../../support/uno.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';

const workshop = openWorkshop();
afterAll(() => workshop[Symbol.dispose]());
const title = (what: string, missing: string | undefined) => (missing === undefined ? what : `${what} (${missing})`);

describe.skipIf(avrMissing !== undefined)(title('the size of the link on an ATmega328P', avrMissing), () => {
  /** Sections of all objects, by the name avr-size gives them. */
  function sizeOf(objects: readonly string[]) {
    const rows = execFileSync('avr-size', objects, { encoding: 'utf8' }).trim().split('\n').slice(1);
    const cells = rows.map((row) => row.trim().split(/\s+/).map(Number));
    const sum = (at: number) => cells.reduce((total, row) => total + (row[at] ?? 0), 0);
    return { text: sum(0), data: sum(1), bss: sum(2) };
  }
  const flags = [...strict, '-mmcu=atmega328p', '-Os', '-c'];

  it('is at most 4 kB of flash, and no memory of its own', () => {
    const objects = mcuSources.map((file, index) => workshop.build('avr-gcc', `link${index}.o`, [...flags, file]));
    const { text, data, bss } = sizeOf(objects);
    console.log(`qn_link, qn_frame and qn_compact: ${text} bytes of flash`);
    expect(text).toBeLessThanOrEqual(4_096);
    expect([data, bss]).toEqual([0, 0]);
  });

  it.each([
    [17, 300],
    [48, 600],
    [64, 600],
    [80, 600],
  ])('with bodies of %i bytes it is at most %i bytes of memory, window and frames included', (bodyBytes, ramBytes) => {
    const source = `static char held[sizeof(qn_link) + QN_LINK_BUFFER_BYTES(${bodyBytes})]; char *where = held;`;
    const operands = ['-x', 'c', '-include', 'firmware-bridge/mcu/qn_link.h', '-mmcu=atmega328p', '-c'];
    const probe = workshop.build('sh', `ram${bodyBytes}.o`, [
      '-c',
      `echo '${source}' | avr-gcc ${operands.join(' ')} - "$@"`,
      'sh',
    ]);
    const { bss } = sizeOf([probe]);
    console.log(`bodies of ${bodyBytes} bytes: ${bss} bytes of memory`);
    expect(bss).toBeGreaterThan(bodyBytes * 5);
    expect(bss).toBeLessThanOrEqual(ramBytes);
  });
});

describe.skipIf(simavrMissing !== undefined)(title('the reference firmware on a simulated Uno', simavrMissing), () => {
  let firmware: string;
  let runner: string;
  let uno: Uno;
  let rig: Awaited<ReturnType<typeof openRig>>;
  beforeAll(() => {
    firmware = buildFirmware(workshop.folder);
    const source = 'test/firmware-bridge/mcu/simavr/uno.c';
    runner = workshop.build('gcc', 'uno', [
      '-std=gnu99',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-O2',
      source,
      '-lsimavr',
      '-lutil',
    ]);
  });
  beforeEach(async () => {
    uno = await startUno(runner, firmware);
    rig = await openRig(uno.path);
  });
  afterEach(async () => {
    await rig.close();
    await uno[Symbol.asyncDispose]();
  });

  it('is found with its channels, and tells the state of each', async () => {
    await until(() => rig.state.size === 8, 'eight values');
    expect(rig.bridge.peer).toMatchObject({ firmwareVersion: '1.0.0', channelsCount: 8, bodyBytesMax: 48 });
    const names = rig.bridge.channels.map(({ name, role, valueType }) => `${name} ${role} ${valueType}`);
    expect(names.slice(3)).toEqual([
      'out4 output bool',
      'in1 input bool',
      'in2 input bool',
      'volts input milli',
      'emergency-stop input bool',
    ]);
    expect([...rig.state.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await uno.reaches('D13', '1');
  });

  it('a command changes the pin, is acknowledged, and the new state is told', async () => {
    await rig.up();
    for (const channel of [1, 2, 3, 4]) {
      expect(await rig.command(channel, true)).toEqual({ ok: true });
      await uno.reaches(`D${channel + 3}`, '1');
      await until(() => rig.state.get(channel) === true, 'the state');
    }
    expect(await rig.command(2, false)).toEqual({ ok: true });
    await uno.reaches('D5', '0');
    await until(() => rig.acks.length === 5, 'five acks');
    expect(rig.acks.map(({ value }) => value)).toEqual(Array(5).fill(2 << 16)); // successful
    expect(['D4', 'D6', 'D7'].map((pin) => uno.level(pin))).toEqual(['1', '1', '1']);
  });

  it.each<[string, number, Partial<CompactFields>, number]>([
    ['an input', 5, {}, 18],
    ['a channel that is none', 9, {}, 3],
    ['a number', 1, { vtype: 'u32', value: 1 }, 5],
    ['an event', 1, { kind: 'event' }, 18],
  ])('a command to %s is refused with its reason', async (_, channel, changes, reason) => {
    await rig.up();
    await rig.command(channel, true, { ack: false, ...changes });
    await until(() => rig.acks.length === 1, 'an ack');
    expect(rig.acks[0]).toMatchObject({ channel, value: (4 << 16) | reason });
    expect(uno.level('D4') ?? '0').toBe('0');
  });

  it('inputs and the voltage are told when they change', async () => {
    await rig.up();
    uno.command('D9 0');
    await until(() => rig.state.get(6) === true, 'in2 closed');
    uno.command('A0 2500');
    await until(() => Math.abs(Number(rig.state.get(7)) - 2.5) < 0.02, '2.5 V');
    expect(rig.state.get(5)).toBe(false);
  });

  it('when PINGs stop the outputs go safe by themselves after the watchdog time, and the next session says so', async () => {
    await rig.up();
    await rig.command(1, true);
    await uno.reaches('D4', '1');
    const leftMs = performance.now();
    await rig.close();
    await uno.reaches('D4', '0');
    const tookMs = (uno.changes.at(-1)?.atMs ?? 0) - leftMs;
    const off = uno.changes.findLast(({ pin }) => pin === 'D4 0');
    console.log(`outputs safe ${Math.trunc((off?.atMs ?? 0) - leftMs)} ms after the last sign of the agent`);
    expect(tookMs).toBeGreaterThan(500);
    expect(tookMs).toBeLessThan(1_500);
    rig = await openRig(uno.path);
    await rig.up();
    expect(rig.safe).toContain('watchdog');
  });

  it('after a reset in mid-frame the link is back within a second and the state is told again', async () => {
    await rig.up();
    await rig.command(3, true);
    await until(() => rig.state.get(3) === true, 'out3 on');
    const [ups, downs] = [rig.ups, rig.downs.length];
    const sends = [1, 2, 4].map((channel) => rig.command(channel, true)); // Some of it is on the wire when it happens.
    uno.command('reset');
    const resetMs = performance.now();
    await until(() => rig.ups > ups, 'up again');
    await until(() => rig.state.get(3) === false, 'out3 told to be off');
    const tookMs = performance.now() - resetMs;
    console.log(`link back and state told ${Math.trunc(tookMs)} ms after the reset`);
    expect(tookMs).toBeLessThan(1_000);
    expect(rig.downs.slice(downs)).toEqual([expect.stringContaining('began anew')]);
    await Promise.all(sends); // Each came to an end.
    expect(await rig.command(1, true)).toEqual({ ok: true });
    await uno.reaches('D4', '1');
  });

  it('the agent can have it start anew', async () => {
    await rig.up();
    await rig.command(1, true);
    await uno.reaches('D4', '1');
    const { ups } = rig;
    rig.bridge.restart();
    await uno.reaches('D4', '0');
    await until(() => rig.ups > ups, 'up again');
  });

  it('the emergency stop acts by itself, is reported after, and holds until it is released', async () => {
    await rig.up();
    for (const channel of [1, 4]) await rig.command(channel, true);
    await uno.reaches('D7', '1');
    uno.command('D2 1');
    await uno.reaches('D4', '0');
    await uno.reaches('D7', '0');
    await until(() => rig.state.get(8) === true && rig.bridge.safe === 'local', 'the report');
    const off = uno.changes.findLast(({ pin }) => pin === 'D7 0');
    expect(off?.atMs ?? 0).toBeLessThan(rig.stoppedMs);
    await rig.command(1, true);
    await until(() => rig.acks.at(-1)?.value === ((4 << 16) | 13), 'interlocked');
    expect(uno.level('D4')).toBe('0');
    uno.command('D2 0');
    await until(() => rig.bridge.safe === 'none', 'released');
    expect(uno.level('D4')).toBe('0'); // Nothing comes back by itself.
    await rig.command(1, true);
    await uno.reaches('D4', '1');
  });

  it('the emergency stop acts without an agent too', async () => {
    await rig.up();
    await rig.command(1, true);
    await uno.reaches('D4', '1');
    await rig.close();
    uno.command('D2 1');
    const pressedMs = performance.now();
    await uno.reaches('D4', '0');
    expect(performance.now() - pressedMs).toBeLessThan(400); // Not the watchdog.
  });

  it('SAFE of the agent switches everything off and refuses commands until it is lifted', async () => {
    await rig.up();
    await rig.command(1, true);
    await uno.reaches('D4', '1');
    rig.bridge.goSafe();
    await uno.reaches('D4', '0');
    await rig.command(1, true);
    await until(() => rig.acks.at(-1)?.value === ((4 << 16) | 13), 'interlocked');
    rig.bridge.liftSafe();
    await until(() => rig.bridge.safe === 'none', 'lifted');
    await rig.command(1, true);
    await uno.reaches('D4', '1');
  });
});

/** A bridge on the real serial driver, and what the firmware said through it. */
async function openRig(path: string) {
  const port = valueOf(await openSerialPort(path, { ...serialSettings8N1, baud: 115_200 }));
  let count = 0;
  const rig = {
    state: new Map<number, CompactFields['value']>(),
    acks: [] as CompactFields[],
    downs: [] as string[],
    safe: [] as SafeReason[],
    ups: 0,
    stoppedMs: 0,
    bridge: undefined as unknown as McuBridge,
    up: () => until(() => rig.bridge.state === 'up', 'up'),
    command(channel: number, value: boolean, changes: Partial<CompactFields> = {}) {
      const stamps = { id: (count += 1), ts: 0, pri: 0, clk: 0, ack: true } as const;
      const encoded = encodeCompact({ kind: 'notify', vtype: 'bool', value, channel, ...stamps, ...changes });
      if (!encoded.ok) throw new Error(encoded.error.detail);
      return rig.bridge.send(encoded.value);
    },
    async close() {
      await rig.bridge[Symbol.asyncDispose]();
      await port[Symbol.asyncDispose]();
    },
  };
  rig.bridge = openBridge(
    port,
    systemClock,
    { random: Math.random },
    {
      onUp: () => (rig.ups += 1),
      onDown: ({ detail }) => rig.downs.push(detail),
      onSafe: (reason) => rig.safe.push(reason),
      onData(body) {
        const message = decodeCompact(body);
        if (!message.ok) throw new Error(message.error.detail);
        if (message.value.kind === 'ack') rig.acks.push(message.value);
        else rig.state.set(message.value.channel, message.value.value);
        if (message.value.channel === 8 && message.value.value === true) rig.stoppedMs = performance.now();
      },
    },
  );
  return rig;
}
