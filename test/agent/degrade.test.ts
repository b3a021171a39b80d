import { afterEach, expect, it } from 'vitest';
import { loadCalmMs, loadLookMs } from '../../agent/health/limits.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import type { Heard } from '../support/heard.ts';
import { type MemoryAgent, type MemoryAgentOptions, startMemoryAgent } from '../support/memory-agent.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }',
  'gpio.door: { driver: gpio-in, line: GPIO4, outbox: drop }',
];
const sections = 'health: { interval: 10s }\npool: { profile: tiny }';
const roomy = { sections: 'health: { interval: 10s }', mqtt: ['acks: final'] };
const inbox = 'qn/1/reader/reply/relay';

let rig: MemoryAgent;
let clock: FakeClock;

async function start(options: Partial<MemoryAgentOptions> = {}): Promise<void> {
  clock = createFakeClock();
  rig = await startMemoryAgent({ documents, sections, clock, ...options });
  await clock.advance(1);
  await rig.hear({ verb: 'health' });
}

afterEach(() => rig[Symbol.asyncDispose]());

/** Commands that arrive at once, and the next look at the load. */
async function flood(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) rig.say('notify/gpio.relay1', index % 2 === 0 ? 'ON' : 'OFF');
  await clock.advance(loadLookMs);
}

async function floodToLevel(level: number): Promise<void> {
  for (let look = 0; look < level; look += 1) await flood(40);
  expect(latestHealth()).toMatchObject({ degrade_level: level });
}

function healths(): readonly Heard[] {
  return rig.all.filter(({ verb }) => verb === 'health');
}

function latestHealth() {
  return healths().at(-1)?.message.val;
}

/** Time for a message to arrive, to be handled, and to be answered. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await clock.advance(1);
}

async function endOf(id: number, below: string, val: unknown) {
  rig.say(below, JSON.stringify({ id: String(id), val }));
  await settle();
  const ends = rig.all.filter(({ verb, message }) => verb === 'ack' && message.id === BigInt(id));
  return ends.at(-1)?.message;
}

it('a flood raises the level, level 3 takes emergency documents only, and all of it comes back by itself', async () => {
  await start();
  await floodToLevel(3);
  expect(latestHealth()).toMatchObject({
    status: 'degraded',
    switched_off: ['health-interval', 'watches', 'lossy-events', 'commands'],
    why: expect.arrayContaining([expect.stringContaining('of the slots for inbound were taken')]),
  });
  expect(await endOf(71, 'notify/gpio.relay1', true)).toMatchObject({
    ...{ st: 'rejected', why: 'overloaded' },
    detail: expect.stringContaining('only emergency documents'),
  });
  expect(await endOf(72, 'query/gpio.relay1', null)).toMatchObject({ st: 'rejected', why: 'overloaded' });
  expect(await endOf(73, 'notify/log', 'debug')).toMatchObject({ st: 'rejected', why: 'overloaded' });
  expect(await endOf(74, 'notify/gpio.stop', true)).toMatchObject({ st: 'successful' });
  await clock.advance(loadCalmMs + 2 * loadLookMs);
  expect(latestHealth()).toMatchObject({ degrade_level: 2 });
  // What was refused had no effect, and may be sent again under its id.
  expect(await endOf(71, 'notify/gpio.relay1', true)).toMatchObject({ st: 'successful' });
  await clock.advance(2 * (loadCalmMs + 2 * loadLookMs));
  expect(latestHealth()).toMatchObject({ status: 'online', degrade_level: 0, switched_off: [], why: [] });
});

it('a command that was done is still a duplicate on level 3, not refused', async () => {
  await start();
  expect(await endOf(81, 'notify/gpio.relay1', 'toggle')).toMatchObject({ st: 'successful' });
  await floodToLevel(3);
  expect(await endOf(81, 'notify/gpio.relay1', 'toggle')).toMatchObject({ st: 'duplicate' });
});

it('level 2 holds back watches and what may be lost, and a watch then has in one message what it missed', async () => {
  await start();
  const query = { mode: 'watch', reply: inbox, lease: 60_000 };
  rig.say('query/gpio.relay1', JSON.stringify(query));
  await settle();
  const told = () => rig.all.filter(({ topic }) => topic === inbox).map(({ message }) => message);
  const doors = () => rig.all.filter(({ verb, document }) => verb === 'event' && document === 'gpio.door');
  expect(told()).toMatchObject([{ t: 'snapshot', val: false }]);
  rig.board.wire('GPIO4').pull(1);
  await settle();
  expect(doors()).toHaveLength(1);

  await floodToLevel(2);
  const before = told().length;
  rig.board.wire('GPIO4').pull(0);
  await settle();
  expect(await endOf(91, 'notify/gpio.relay1', 'toggle')).toMatchObject({ st: 'successful' });
  expect([told().length, doors().length]).toEqual([before, 1]);
  expect(rig.agent.sources.outbox().leftOut).toBe(1);

  await clock.advance(loadCalmMs + 2 * loadLookMs);
  expect(latestHealth()).toMatchObject({ degrade_level: 1 });
  const [first, ...more] = told().slice(before);
  const state = rig.all.findLast(({ verb, document }) => verb === 'state' && document === 'gpio.relay1');
  expect([first?.t, first?.val, first?.ver]).toEqual(['delta', state?.message.val, state?.message.ver]);
  expect(more).toEqual([]);
  rig.board.wire('GPIO4').pull(1);
  await settle();
  expect(doors()).toHaveLength(2);
});

it('level 1 tells health at a quarter of the pace, and then at the old one', async () => {
  await start(roomy);
  await flood(90);
  const before = healths().length;
  for (let look = 0; look < 50; look += 1) await flood(90); // For 25 s.
  expect(latestHealth()).toMatchObject({ status: 'online', degrade_level: 1, switched_off: ['health-interval'] });
  expect(healths().length).toBe(before);
  await clock.advance(loadCalmMs + 2 * loadLookMs);
  expect(latestHealth()).toMatchObject({ degrade_level: 0 });
  await clock.advance(27_000);
  expect(healths().length).toBe(before + 1 + 3);
});
