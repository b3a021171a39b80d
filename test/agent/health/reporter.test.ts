import { describe, expect, it } from 'vitest';
import { Platter } from '../../../agent/store/platter.ts';
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

  it('has every figure of QN-6', async () => {
    const { rig } = await start({ platter: new Platter(), documents: [relay, serial] });
    const birth = rig.all.find(({ verb }) => verb === 'health');
    const numbers = (...names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, expect.any(Number)]));
    const holder = numbers('used', 'quota', 'high_water', 'refused');
    const slab = { ...numbers('slots'), inbound: holder, executing: holder, outbox: holder, framer: holder };
    expect(birth?.message.val).toMatchObject({
      ...numbers('seq', 'uptime_s', 'rss_bytes', 'degrade_level', 'retained_lost'),
      status: 'degraded',
      boot: rig.agent.boot.toString(),
      versions: { agent: expect.any(String), protocol: expect.any(String), node: process.version, config: 'hash' },
      selftest: { health_status: 'DEGRADED', failed: ['driver.serial.x'] },
      clock: expect.stringMatching(/^(synced|estimated|boot)$/),
      pool: { ...numbers('bytes', 'too_large'), small: slab, large: slab },
      outbox: numbers('depth', 'oldest_ms', 'dropped', 'stored', 'stored_dropped', 'left_out'),
      loop: numbers('p50_us', 'p99_us', 'max_us'),
      disk: numbers('written_bytes'),
      drivers: {
        'gpio.relay1': { state: 'working', errors: 0 },
        'serial.x': { state: 'failed', errors: expect.any(Number), error: expect.stringContaining('no such port') },
      },
      link: { broker: expect.any(String), ...numbers('reconnects'), brokers: expect.any(Array) },
      switched_off: [],
      warnings: expect.any(Array),
      why: expect.arrayContaining([expect.stringContaining('serial.x')]),
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
