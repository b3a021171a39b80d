import { describe, expect, it } from 'vitest';
import { createSimulatedSerialPair } from '../../../drivers/serial-simulated.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { fieldOf, statusOf } from '../../support/heard.ts';
import { type MemoryAgentOptions, startMemoryAgent } from '../../support/memory-agent.ts';

const relay = 'gpio.relay1: { driver: gpio-out, line: GPIO17 }';
const serial = 'serial.x: { driver: serial-line, port: /dev/ttyX }';
const sections = 'health: { interval: 10s }';

async function start(options: Partial<MemoryAgentOptions> = {}) {
  const clock = createFakeClock();
  const rig = await startMemoryAgent({ documents: [relay], sections, clock, ...options });
  await clock.advance(1);
  await rig.hear({ verb: 'health' });
  const healthCount = () => rig.all.filter(({ verb }) => verb === 'health').length;
  return { rig, clock, healthCount };
}

describe('the health report', () => {
  it('is the first thing said, retained, with everything a person needs', async () => {
    const { rig } = await start();
    const [birth] = rig.all;
    expect(birth).toMatchObject({ verb: 'health', document: 'agent' });
    expect(birth?.message.val).toMatchObject({
      status: 'online',
      boot: rig.agent.boot.toString(),
      seq: 0,
      degrade_level: 0,
      why: [],
      selftest: { health_status: 'PASS', failed: [] },
      drivers: { 'gpio.relay1': { driver: 'gpio-out', state: 'working', errors: 0 } },
      messages: { received: 0, successful: 0, failed: 0, answered: 0, refused: {}, stray: 0 },
    });
    await rig[Symbol.asyncDispose]();
  });

  it('is brief when no slot of the pool is large enough for all of it', async () => {
    const documents = Array.from(
      { length: 60 },
      (_, index) => `gpio.r${index}: { driver: gpio-out, line: GPIO${index} }`,
    );
    const { rig } = await start({ documents, sections: `${sections}\npool: { profile: tiny }` });
    const [birth] = rig.all;
    expect(birth?.message.val).toMatchObject({ status: 'online', seq: 0, why: [], is_brief: true });
    await rig[Symbol.asyncDispose]();
  });

  it.each([
    [0, 9_000],
    [0.5, 10_000],
  ])('comes every interval, with jitter %d after %i ms', async (random, everyMs) => {
    const { rig, clock, healthCount } = await start({ random: () => random });
    const before = healthCount();
    await clock.advance(everyMs - 2);
    expect(healthCount()).toBe(before);
    await clock.advance(2);
    expect(healthCount()).toBe(before + 1);
    await clock.advance(everyMs);
    expect(healthCount()).toBe(before + 2);
    const sequences = rig.all.filter(({ verb }) => verb === 'health').map(({ message }) => fieldOf(message.val, 'seq'));
    expect(sequences).toEqual([0, 1, 2]);
    await rig[Symbol.asyncDispose]();
  });

  it('comes at once when a driver fails, with the reason, and not again while nothing changes', async () => {
    const pair = createSimulatedSerialPair();
    const { rig, clock, healthCount } = await start({ documents: [serial], ports: { '/dev/ttyX': pair.left } });
    pair.unplug();
    await clock.advance(10);
    const report = await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'degraded' });
    expect(report.message.val).toMatchObject({
      degrade_level: 0,
      switched_off: [],
      why: [expect.stringContaining('unplugged')],
    });
    expect(healthCount()).toBe(2);
    await rig[Symbol.asyncDispose]();
  });

  it('is told again at every connection', async () => {
    const { rig, clock, healthCount } = await start();
    rig.broker.drop();
    await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
    await clock.advance(1_000);
    const back = await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'online' });
    expect(fieldOf(back.message.val, 'link')).toMatchObject({ reconnects: 1 });
    expect(healthCount()).toBe(3);
    await rig[Symbol.asyncDispose]();
  });
});
