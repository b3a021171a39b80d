import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../agent/clock.ts';
import { documentQueueCountMax, poolProfiles } from '../../../agent/limits.ts';
import { createSimulatedSerialPair } from '../../../drivers/serial-simulated.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { type MemoryAgent, type MemoryAgentOptions, startMemoryAgent } from '../../support/memory-agent.ts';
import { until } from '../../support/until.ts';

const relay = 'gpio.relay1: { driver: gpio-out, line: GPIO17 }';
const stop = 'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }';
const serial = (name: string) => `serial.${name}: { driver: serial-line, port: /dev/tty-${name}, baud: 115200 }`;

async function start(options: Partial<MemoryAgentOptions> = {}): Promise<MemoryAgent> {
  const rig = await startMemoryAgent({ documents: [relay, stop], ...options });
  return rig;
}

/** Serial ports whose other side reads nothing until it is told to. */
function stalledPorts(names: readonly string[], clock: Clock = systemClock) {
  const pairs = names.map((name) => [`/dev/tty-${name}`, createSimulatedSerialPair({}, clock)] as const);
  for (const [, pair] of pairs) pair.stall();
  const ports = Object.fromEntries(pairs.map(([path, { left }]) => [path, left]));
  return { ports, resume: () => pairs.forEach(([, pair]) => pair.resume()), right: pairs[0]![1].right };
}

const long = 'x'.repeat(5_000); // More than a simulated wire holds: the write waits.

describe('duplicates', () => {
  it('by source and id have one effect and are told how the first one ended', async () => {
    await using rig = await start();
    await rig.hear({ verb: 'health' });
    rig.say('notify/gpio.relay1', '{"id":"5","src":"ops","val":true}');
    await rig.hear({ verb: 'ack', status: 'successful', id: 5n });
    rig.say('notify/gpio.relay1', 'OFF');
    await rig.hear({ verb: 'ack', status: 'successful' });
    rig.say('notify/gpio.relay1', '{"id":"5","src":"ops","val":true}');
    const { message } = await rig.hear({ verb: 'ack', status: 'duplicate', id: 5n });
    expect(message).toMatchObject({ why: 'duplicate', val: { status: 'successful' } });
    expect(rig.board.wire('GPIO17').level).toBe(0);
    expect(rig.agent.sources.dispatch()).toMatchObject({ received: 3, successful: 2, refused: { duplicate: 1 } });
  });

  it('of one that is still under way say so', async () => {
    const { ports, resume } = stalledPorts(['x']);
    await using rig = await start({ documents: [serial('x')], ports });
    await rig.hear({ verb: 'health' });
    const command = `{"id":"5","src":"ops","val":"${long}"}`;
    rig.say('notify/serial.x', command);
    rig.say('notify/serial.x', command);
    const { message } = await rig.hear({ verb: 'ack', status: 'duplicate', id: 5n });
    expect(message.val).toEqual({ status: 'executing' });
    resume();
    await rig.hear({ verb: 'ack', status: 'successful', id: 5n });
  });

  it('of a refused command may be tried again', async () => {
    await using rig = await start();
    await rig.hear({ verb: 'health' });
    rig.say('notify/gpio.relay1', '{"id":"5","src":"ops","val":"perhaps"}');
    await rig.hear({ verb: 'ack', status: 'rejected', id: 5n });
    rig.say('notify/gpio.relay1', '{"id":"5","src":"ops","val":true}');
    await rig.hear({ verb: 'ack', status: 'successful', id: 5n });
  });
});

describe('the time to live', () => {
  it('that is over on arrival expires the command, and the pin stays', async () => {
    await using rig = await start();
    await rig.hear({ verb: 'health' });
    rig.say('notify/gpio.relay1', `{"id":"5","val":true,"ts":${Date.now() - 5_000},"ttl":1000}`);
    const { message } = await rig.hear({ verb: 'ack', status: 'expired', id: 5n });
    expect([message.why, rig.board.wire('GPIO17').level]).toEqual(['expired', 0]);
  });

  it('that runs out behind a busy document expires it after it was accepted', async () => {
    const clock = createFakeClock();
    const { ports } = stalledPorts(['x'], clock);
    const rig = await start({ documents: [serial('x')], ports, clock });
    await clock.advance(1);
    rig.say('notify/serial.x', `{"id":"1","val":"${long}"}`);
    rig.say('notify/serial.x', '{"id":"2","val":"late","ttl":500}');
    await clock.advance(10);
    await rig.hear({ verb: 'ack', status: 'accepted', id: 2n });
    await clock.advance(1_500); // The first write has timed out by now.
    await rig.hear({ verb: 'ack', status: 'failed', id: 1n });
    await rig.hear({ verb: 'ack', status: 'expired', id: 2n });
    const disposal = rig[Symbol.asyncDispose]();
    await clock.advance(3_000);
    await disposal;
  });
});

describe('a slow document', () => {
  it('does not hold up another one, and keeps its own order', async () => {
    const { ports, resume, right } = stalledPorts(['x']);
    await using rig = await start({ documents: [relay, serial('x')], ports });
    await rig.hear({ verb: 'health' });
    let out = '';
    right.onData((chunk) => void (out += Buffer.from(chunk).toString()));
    rig.say('notify/serial.x', `"${long}"`);
    for (const text of ['a', 'b', 'c']) rig.say('notify/serial.x', `"${text}"`);
    rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful' });
    expect(
      rig.all.some(({ message }) => message.t === 'ack' && message.doc === 'serial.x' && message.st === 'successful'),
    ).toBe(false);
    resume();
    for (let count = 0; count < 4; count += 1)
      await rig.hear({ verb: 'ack', document: 'serial.x', status: 'successful' });
    await until(() => out.length >= long.length + 3, 'everything on the other side');
    expect(out).toBe(`${long}abc`);
  });

  it(`lets ${documentQueueCountMax} wait and refuses one more as busy`, async () => {
    const { ports, resume } = stalledPorts(['x']);
    await using rig = await start({ documents: [serial('x')], ports });
    await rig.hear({ verb: 'health' });
    rig.say('notify/serial.x', `{"id":"1","val":"${long}"}`);
    for (let id = 2; id <= documentQueueCountMax + 2; id += 1) rig.say('notify/serial.x', `{"id":"${id}","val":"x"}`);
    const last = BigInt(documentQueueCountMax + 2);
    expect((await rig.hear({ verb: 'ack', status: 'rejected' })).message).toMatchObject({ id: last, why: 'busy' });
    resume();
    await rig.hear({ verb: 'ack', status: 'successful', id: last - 1n });
  });

  it('and others like it use up the executing slots: overloaded, but never for an emergency', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const { ports, resume } = stalledPorts(names);
    await using rig = await start({ documents: [stop, ...names.map(serial)], ports });
    await rig.hear({ verb: 'health' });
    const { small, large } = poolProfiles.standard;
    let said = 0;
    for (const name of names.slice(0, large.quota.executing)) rig.say(`notify/serial.${name}`, `{"val":"${long}"}`);
    for (const name of names.slice(0, large.quota.executing)) {
      for (let count = 0; count < documentQueueCountMax; count += 1, said += 1) rig.say(`notify/serial.${name}`, 'x');
      await rig.hear({ verb: 'ack', document: `serial.${name}`, status: 'executing' });
    }
    expect(said).toBe(small.quota.executing);
    rig.say('notify/serial.e', 'x');
    const { message } = await rig.hear({ verb: 'ack', document: 'serial.e', status: 'rejected' });
    expect(message.why).toBe('overloaded');
    rig.say('notify/gpio.stop', 'ON');
    await rig.hear({ verb: 'ack', document: 'gpio.stop', status: 'successful' });
    resume();
  });
});

describe('acks', () => {
  it('are told only at the end where the config says so', async () => {
    await using rig = await start({ mqtt: ['acks: final'] });
    await rig.hear({ verb: 'health' });
    rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'ack', status: 'successful' });
    expect(rig.all.filter(({ verb }) => verb === 'ack')).toHaveLength(1);
  });
});
