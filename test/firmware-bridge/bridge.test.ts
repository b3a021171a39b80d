import { afterEach, expect, test } from 'vitest';
import type { DriverError } from '../../drivers/contract/result.ts';
import { createSimulatedSerialPair } from '../../drivers/serial-simulated.ts';
import type { Channel, SafeReason } from '../../firmware-bridge/link/bodies.ts';
import { openBridge } from '../../firmware-bridge/link/bridge.ts';
import { openSimulatedMcu, type SimulatedMcuOptions } from '../../firmware-bridge/simulated-mcu.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { seededRandom } from '../support/seeded-random.ts';

const channels: readonly Channel[] = [
  { number: 1, role: 'output', valueType: 'bool', name: 'relay1' },
  { number: 2, role: 'input', valueType: 'u32', name: 'flow' },
];

const closers: (() => PromiseLike<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A bridge and a simulated microcontroller that sends every body back, on a simulated serial line. */
function createRig(options: Partial<SimulatedMcuOptions> = {}) {
  const clock = createFakeClock();
  const random = seededRandom(1);
  const pair = createSimulatedSerialPair({}, clock);
  const heard = { data: [] as number[], ups: 0, downs: [] as DriverError[], safe: [] as SafeReason[] };
  const outputs: SafeReason[] = [];
  const mcu = openSimulatedMcu(
    pair.right,
    clock,
    { channels, random, ...options },
    {
      onData: (body) => mcu.send(body),
      onSafe: (reason) => outputs.push(reason),
    },
  );
  const bridge = openBridge(
    pair.left,
    clock,
    { random },
    {
      onUp: () => (heard.ups += 1),
      onDown: (error) => heard.downs.push(error),
      onData: (body) => heard.data.push(body[0] ?? -1),
      onSafe: (reason) => heard.safe.push(reason),
    },
  );
  closers.push(
    () => pair[Symbol.asyncDispose](),
    () => mcu[Symbol.asyncDispose](),
    () => bridge[Symbol.asyncDispose](),
  );
  /** In small steps: bytes on the simulated line need turns of the event loop, not time. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1) await clock.advance(1);
  };
  return { clock, pair, mcu, bridge, heard, outputs, pass };
}

test('the bridge finds the channels of a microcontroller and is up', async () => {
  const { bridge, heard, pass } = createRig({ firmwareVersion: '1.4.2', bodyBytesMax: 64 });
  await pass(50);
  expect([bridge.state, heard.ups, bridge.channels]).toEqual(['up', 1, channels]);
  expect(bridge.peer).toMatchObject({ firmwareVersion: '1.4.2', bodyBytesMax: 64, channelsCount: 2 });
  expect(heard.safe).toEqual(['start', 'none']);
});

test('a body is acknowledged, and what comes back is delivered', async () => {
  const { bridge, heard, pass } = createRig();
  await pass(50);
  const sent = [1, 2, 3, 4, 5, 6].map((value) => bridge.send(Uint8Array.of(value)));
  await pass(50);
  expect(await Promise.all(sent)).toEqual(sent.map(() => ({ ok: true })));
  expect(heard.data).toEqual([1, 2, 3, 4, 5, 6]);
  expect(bridge.counters.session).toMatchObject({ delivered: 6, acknowledged: 6, sessions: 1 });
  expect(bridge.counters.received.discardedBytes).toBe(0);
  expect(bridge.counters.transmitted.dropped).toBe(0);
});

test('before it is up sending fails with closed', async () => {
  const { bridge } = createRig();
  expect(await bridge.send(Uint8Array.of(1))).toMatchObject({
    ok: false,
    error: { kind: 'closed', operation: 'link' },
  });
});

test('a body longer than the microcontroller takes is out of range', async () => {
  const { bridge, pass } = createRig({ bodyBytesMax: 32 });
  await pass(50);
  expect(await bridge.send(new Uint8Array(33))).toMatchObject({ ok: false, error: { kind: 'out-of-range' } });
});

test('a body that is not wanted any more when its turn comes is left out, and never arrives', async () => {
  const { bridge, clock, heard, pair, pass } = createRig();
  await pass(50);
  pair.stall();
  const before = [1, 2, 3, 4].map((value) => bridge.send(Uint8Array.of(value)));
  const until = (ms: number) => ({ isWanted: () => clock.monotonicMs() < ms });
  const late = bridge.send(Uint8Array.of(5), until(60));
  const inTime = bridge.send(Uint8Array.of(6), until(1_000));
  await pass(30);
  pair.resume();
  await pass(200);
  expect([await late, (await inTime)?.ok]).toEqual([undefined, true]);
  expect((await Promise.all(before)).every((sent) => sent?.ok)).toBe(true);
  expect(heard.data).toEqual([1, 2, 3, 4, 6]);
});

test('noise and lost bytes cost time, and no body', async () => {
  const { bridge, heard, mcu, pass } = createRig();
  await pass(50);
  mcu.weather = { noiseChance: 0.2, dropChance: 0.1, slowMs: 2 };
  const outcomes: boolean[] = [];
  for (let value = 0; value < 40; value += 1)
    void bridge.send(Uint8Array.of(value)).then((result) => outcomes.push(result?.ok === true));
  await pass(8_000);
  expect(outcomes).toEqual(Array(40).fill(true));
  expect(heard.data).toEqual(Array.from({ length: 40 }, (_, value) => value));
  expect(mcu.received.discardedBytes).toBeGreaterThan(0);
  expect(bridge.counters.session.resent).toBeGreaterThan(0);
});

test('a microcontroller that resets is up again within a second, its sends under way ended, its state told', async () => {
  const { bridge, heard, mcu, pair, pass } = createRig();
  await pass(50);
  pair.stall();
  const sent = bridge.send(Uint8Array.of(1));
  mcu.reset();
  pair.resume();
  await pass(1_000);
  expect((await sent)?.ok).toBe(false);
  expect(heard.downs.map(({ detail }) => detail)).toEqual([
    'the microcontroller began anew, its outputs being safe because of start',
  ]);
  expect([bridge.state, heard.ups]).toEqual(['up', 2]);
  expect(heard.safe).toEqual(['start', 'none', 'start', 'none']);
});

test('a microcontroller that keeps resetting in mid-frame does not bring the bridge down for good', async () => {
  const { bridge, mcu, pass } = createRig({ weather: { resetChance: 0.1 } });
  await pass(20_000);
  expect(mcu.resetsCount).toBeGreaterThan(5);
  mcu.weather = {};
  await pass(1_000);
  expect(bridge.state).toBe('up');
});

test('without PING the outputs go safe by themselves, and the next session says why', async () => {
  const { bridge, heard, mcu, outputs, pair, pass } = createRig();
  await pass(50);
  outputs.length = 0;
  pair.stall();
  await pass(999 - 50);
  expect(outputs).toEqual([]);
  await pass(300);
  expect([outputs, mcu.safe]).toEqual([['watchdog'], 'watchdog']);
  pair.resume();
  await pass(1_500);
  expect(bridge.state).toBe('up');
  expect(heard.safe).toContain('watchdog');
  expect(bridge.safe).toBe('none');
});

test('one that hangs is reported as silent after the watchdog time, and taken back when it starts', async () => {
  const { bridge, heard, mcu, pass } = createRig();
  await pass(50);
  mcu.hang();
  await pass(1_300);
  expect(heard.downs[0]?.detail).toBe('the microcontroller answered no PING for 1000 ms');
  expect(bridge.state).toBe('seeking');
  mcu.reset();
  await pass(300);
  expect(bridge.state).toBe('up');
});

test('the safe state is asked for and lifted; a local one is lifted only over there', async () => {
  const { bridge, mcu, pass } = createRig();
  await pass(50);
  bridge.goSafe();
  await pass(20);
  expect([mcu.safe, bridge.safe]).toEqual(['asked', 'asked']);
  bridge.liftSafe();
  await pass(20);
  expect([mcu.safe, bridge.safe]).toEqual(['none', 'none']);
  mcu.goSafe();
  bridge.liftSafe();
  await pass(600);
  expect([mcu.safe, bridge.safe]).toEqual(['local', 'local']);
  mcu.liftSafe();
  await pass(20);
  expect([mcu.safe, bridge.safe]).toEqual(['none', 'none']);
});

test('the agent can have the microcontroller start anew', async () => {
  const { bridge, mcu, heard, pass } = createRig();
  await pass(50);
  bridge.restart();
  await pass(300);
  expect([mcu.resetsCount, heard.ups, bridge.state]).toEqual([1, 2, 'up']);
});

test('a firmware of another major version is refused and stays safe', async () => {
  const { bridge, heard, mcu, pass } = createRig({ abi: 0x0200 });
  await pass(3_000);
  expect([bridge.state, heard.ups, mcu.isJoined, mcu.safe]).toEqual(['refused', 0, false, 'start']);
  expect(heard.downs).toHaveLength(1);
});

test('when the port goes away sends end with closed, and the bridge says down once', async () => {
  const { bridge, heard, pair, pass } = createRig();
  await pass(50);
  pair.stall();
  const sent = bridge.send(Uint8Array.of(1));
  pair.unplug();
  await pass(10);
  expect(await sent).toMatchObject({ ok: false, error: { kind: 'closed' } });
  expect([bridge.state, heard.downs.length]).toEqual(['closed', 1]);
  expect((await bridge.send(Uint8Array.of(1)))?.ok).toBe(false);
});

test('after disposal nothing is told any more, no timer is left, and sends end with closed', async () => {
  const { bridge, clock, heard, mcu, pair, pass } = createRig();
  await pass(50);
  pair.stall();
  const sent = bridge.send(Uint8Array.of(1));
  await bridge[Symbol.asyncDispose]();
  await bridge[Symbol.asyncDispose]();
  expect(await sent).toMatchObject({ ok: false, error: { kind: 'closed' } });
  await mcu[Symbol.asyncDispose]();
  await pair[Symbol.asyncDispose]();
  await pass(2_000);
  expect([heard.downs, bridge.state, clock.timersCount]).toEqual([[], 'closed', 0]);
});
