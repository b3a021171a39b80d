import { describe, expect, it } from 'vitest';
import { shutdownMsMax } from '../../agent/limits.ts';
import { createSimulatedSerialPair } from '../../drivers/serial-simulated.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { statusOf } from '../support/heard.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';

const relay = 'gpio.relay1: { driver: gpio-out, line: GPIO17 }';
const serial = 'serial.x: { driver: serial-line, port: /dev/ttyX, baud: 115200 }';

describe('disposal of the agent', () => {
  it('in the middle of a slow write ends the commands behind it and leaks no slot', async () => {
    const pair = createSimulatedSerialPair();
    pair.stall();
    const rig = await startMemoryAgent({ documents: [serial], ports: { '/dev/ttyX': pair.left } });
    await rig.hear({ verb: 'health' });
    for (let id = 1; id <= 10; id += 1) rig.say('notify/serial.x', `{"id":"${id}","val":"${'x'.repeat(5_000)}"}`);
    await rig.hear({ verb: 'ack', status: 'executing', id: 1n });
    await rig[Symbol.asyncDispose]();
    expect(rig.all.filter(({ message }) => message.t === 'ack' && message.st === 'failed')).not.toHaveLength(0);
  });

  it('does so without a broker, too', async () => {
    const pair = createSimulatedSerialPair();
    pair.stall();
    const rig = await startMemoryAgent({ documents: [serial], ports: { '/dev/ttyX': pair.left } });
    await rig.hear({ verb: 'health' });
    for (let id = 1; id <= 10; id += 1) rig.say('notify/serial.x', `{"id":"${id}","val":"${'x'.repeat(900)}"}`);
    await rig.hear({ verb: 'ack', status: 'accepted', id: 9n });
    rig.broker.setWeather({ refusesConnects: true });
    rig.broker.drop();
    await rig[Symbol.asyncDispose]();
    expect(rig.broker.connectedIds).toEqual([]);
  });

  it('does not wait for ever for a broker that acknowledges nothing', async () => {
    const clock = createFakeClock();
    const rig = await startMemoryAgent({ documents: [relay], clock });
    await clock.advance(1);
    await rig.hear({ verb: 'health' });
    rig.broker.setWeather({ holdsAcks: true });
    for (let count = 0; count < 40; count += 1) rig.say('notify/gpio.relay1', count % 2 === 0 ? 'ON' : 'OFF');
    await clock.advance(100);
    const disposal = rig[Symbol.asyncDispose]();
    for (let waitedMs = 0; waitedMs < shutdownMsMax; waitedMs += 50) await clock.advance(50);
    await disposal; // Or the test does not end.
    expect(statusOf(rig.all.findLast(({ verb }) => verb === 'health')!)).toBe('offline');
  });
});

describe('after a long time without a broker', () => {
  it('the birth is told although the outbox was full of events', async () => {
    const clock = createFakeClock();
    const button = 'gpio.button1: { driver: gpio-in, line: GPIO27, bias: pull-up }';
    const rig = await startMemoryAgent({ documents: [button], clock });
    await clock.advance(1);
    const first = await rig.hear({ verb: 'health' });
    rig.broker.setWeather({ refusesConnects: true });
    rig.broker.drop();
    await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
    const wire = rig.board.wire('GPIO27');
    for (let count = 0; count < 300; count += 1) wire.pull(count % 2 === 0 ? 0 : 1);
    expect(rig.agent.sources.outbox().dropped).toBeGreaterThan(0);
    rig.broker.setWeather({ refusesConnects: false });
    await clock.advance(1_000);
    const birth = await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'online' });
    expect(birth.message.ep).toBe(first.message.ep);
    await rig[Symbol.asyncDispose]();
  });
});
