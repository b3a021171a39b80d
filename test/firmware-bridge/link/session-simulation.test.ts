import { describe, expect, it } from 'vitest';
import { type DeviceInput, deviceDueMs, newDevice, stepDevice } from '../../../firmware-bridge/link/device-session.ts';
import { sessionDueMs, stepSession } from '../../../firmware-bridge/link/session.ts';
import { newSession, type SendOutcome, type SessionInput } from '../../../firmware-bridge/link/session-state.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { hello } from './session-rig.ts';
import { calm, createLine, type Storm } from './storm.ts';

const channels = [
  { number: 1, role: 'output', valueType: 'bool', name: 'relay1' },
  { number: 2, role: 'input', valueType: 'u32', name: 'flow' },
] as const;

/** An agent and a microcontroller on a bad line, in simulated time; each body is a number that is used once. */
function createWorld(seed: number) {
  const random = seededRandom(seed);
  const toDevice = createLine(random);
  const toAgent = createLine(random);
  const nonce = () => Math.trunc(random() * 65_536);
  const about = { ...hello, channelsCount: channels.length };
  let agent = newSession(1_000, Math.trunc(random() * 256), 0);
  let device = newDevice({ ...about, nonce: nonce() }, channels, 0);
  const world = {
    nowMs: 0,
    sentCount: 0,
    toldCount: 0,
    outcomes: new Map<number, SendOutcome>(),
    atDevice: [] as number[],
    atAgent: [] as number[],
    get isUp() {
      return agent.phase === 'up';
    },
    get counters() {
      return agent.counters;
    },
    stepAgent(input: SessionInput) {
      const { state, effects } = stepSession(agent, input, world.nowMs);
      agent = state;
      for (const effect of effects) {
        if (effect.kind === 'transmit') toDevice.put(effect.frame, world.nowMs);
        if (effect.kind === 'settle') {
          expect(world.outcomes.has(effect.ticket)).toBe(false);
          world.outcomes.set(effect.ticket, effect.outcome);
        }
        if (effect.kind === 'deliver') world.atAgent.push(numberIn(effect.body));
        if (effect.kind === 'up') expect(effect.channels).toEqual(channels);
      }
    },
    stepDevice(input: DeviceInput) {
      const { state, effects } = stepDevice(device, input, world.nowMs);
      device = state;
      for (const effect of effects) {
        if (effect.kind === 'transmit') toAgent.put(effect.frame, world.nowMs);
        if (effect.kind === 'deliver') world.atDevice.push(numberIn(effect.body));
      }
    },
    /** Wanted for so long. */
    send(forMs = Number.POSITIVE_INFINITY) {
      const untilMs = world.nowMs + forMs;
      const ticket = (world.sentCount += 1);
      world.stepAgent({ kind: 'send', ticket, body: bodyOf(ticket), isWanted: () => world.nowMs <= untilMs });
    },
    tell: () => world.stepDevice({ kind: 'send', body: bodyOf((world.toldCount += 1)) }),
    restartAgent() {
      agent = newSession(1_000, Math.trunc(random() * 256), world.nowMs);
      toAgent.forget();
      world.stepAgent({ kind: 'begin' });
    },
    resetDevice() {
      device = newDevice({ ...about, nonce: nonce() }, channels, world.nowMs);
      toDevice.forget();
      world.stepDevice({ kind: 'begin' });
    },
    weather(storm: Storm) {
      toDevice.storm = storm;
      toAgent.storm = storm;
    },
    /** Everything that happens until then, in order. */
    runUntil(targetMs: number) {
      for (;;) {
        const dueMs = Math.min(toDevice.dueMs, toAgent.dueMs, sessionDueMs(agent), deviceDueMs(device));
        if (dueMs > targetMs) break;
        world.nowMs = Math.max(world.nowMs, dueMs);
        toDevice.arrive(world.nowMs, (frame) => world.stepDevice({ kind: 'frame', frame }));
        toAgent.arrive(world.nowMs, (frame) => world.stepAgent({ kind: 'frame', frame }));
        if (sessionDueMs(agent) <= world.nowMs) world.stepAgent({ kind: 'tick' });
        if (deviceDueMs(device) <= world.nowMs) world.stepDevice({ kind: 'tick' });
      }
      world.nowMs = targetMs;
    },
    random,
  };
  world.stepAgent({ kind: 'begin' });
  world.stepDevice({ kind: 'begin' });
  return world;
}

function bodyOf(count: number): Uint8Array {
  const body = Buffer.alloc(4 + (count % 40));
  body.writeUInt32BE(count);
  return body;
}

function numberIn(body: Uint8Array): number {
  const count = Buffer.from(body).readUInt32BE();
  expect(Buffer.from(body).equals(bodyOf(count))).toBe(true);
  return count;
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((value, index) => index === 0 || value > (numbers[index - 1] ?? 0));
}

const seeds = Array.from({ length: Number(process.env['TEST_LINK_SEEDS'] ?? 60) }, (_, index) => index + 1);

describe('over a line that loses, doubles and damages', () => {
  it.each(seeds)('what is sent arrives once and in order, or the link says down (seed %i)', (seed) => {
    const world = createWorld(seed);
    const badness = (seed % 6) * 0.05;
    world.weather({ lossChance: badness, doubleChance: badness, corruptChance: badness, cutChance: badness / 2 });
    for (let turn = 0; turn < 800; turn += 1) {
      if (world.random() < 0.7) world.send(turn % 3 === 0 ? 20 : undefined);
      if (world.random() < 0.5) world.tell();
      if (seed % 2 === 0 && world.random() < 0.01) world.resetDevice();
      if (seed % 3 === 0 && world.random() < 0.01) world.restartAgent();
      world.runUntil(world.nowMs + world.random() * 20);
    }
    world.weather(calm);
    world.runUntil(world.nowMs + 10_000);
    expect(world.isUp).toBe(true);
    const before = world.atDevice.length;
    for (let count = 0; count < 10; count += 1) world.send();
    world.tell();
    world.runUntil(world.nowMs + 1_000);

    expect(isAscending(world.atDevice) && isAscending(world.atAgent)).toBe(true);
    const arrived = new Set(world.atDevice);
    for (const [ticket, outcome] of world.outcomes) {
      if (outcome === 'acknowledged') expect(arrived.has(ticket)).toBe(true);
      if (outcome === 'busy' || outcome === 'too-large' || outcome === 'unwanted')
        expect(arrived.has(ticket)).toBe(false);
    }
    expect(world.atDevice.length - before).toBe(10);
    expect(world.atAgent.at(-1)).toBe(world.toldCount);
    if (seed % 3 !== 0) expect(world.outcomes.size).toBe(world.sentCount); // A restarted agent forgot its promises.
  });

  it('a fine line loses nothing and resends nothing', () => {
    const world = createWorld(1);
    world.runUntil(100);
    for (let turn = 0; turn < 2_000; turn += 1) {
      world.send();
      world.tell();
      world.runUntil(world.nowMs + 5);
    }
    world.runUntil(world.nowMs + 1_000);
    expect([world.atDevice.length, world.atAgent.length]).toEqual([2_000, 2_000]);
    expect(world.counters).toMatchObject({ resent: 0, duplicates: 0, gaps: 0, malformed: 0, sessions: 1 });
  });
});
