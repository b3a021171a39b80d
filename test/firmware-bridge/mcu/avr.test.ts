import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CompactFields } from '../../../agent/qn/compact.ts';
import { openWorkshop } from '../../support/c-compiler.ts';
import { buildFirmware, buildUnoRunner, simavrMissing, startUno, type Uno } from '../../support/uno.ts';
import { until } from '../../support/until.ts';
import { openRig } from './avr-rig.ts';

const workshop = openWorkshop();
afterAll(() => workshop[Symbol.dispose]());
const title = (what: string, missing: string | undefined) => (missing === undefined ? what : `${what} (${missing})`);

describe.skipIf(simavrMissing !== undefined)(title('the reference firmware on a simulated Uno', simavrMissing), () => {
  let firmware: string;
  let runner: string;
  let uno: Uno;
  let rig: Awaited<ReturnType<typeof openRig>>;
  beforeAll(() => {
    firmware = buildFirmware(workshop.folder);
    runner = buildUnoRunner(workshop);
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
    expect(new Set(rig.state.keys())).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
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
    await until(() => rig.state.get(5) === false, 'in1 open');
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
