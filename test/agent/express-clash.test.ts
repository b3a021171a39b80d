import { expect, test } from 'vitest';
import { clashWaitMs, expressAgainMsMax, expressAgainMsMin, expressClashMs } from '../../agent/express-limits.ts';
import { createMemoryBroker, type MemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';

const stop = 'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }';
const hourMs = 3_600_000;

interface RigOptions {
  /** The broker takes both connections for one client, and throws out the one before. */
  readonly isPicky: boolean;
  /** At first it takes no second connection. */
  readonly isSlow?: boolean;
}

async function openRig({ isPicky, isSlow = false }: RigOptions) {
  const clock = createFakeClock();
  const memory = createMemoryBroker({ clock });
  const openLink: MemoryBroker['openLink'] = (options, handlers) => {
    if (options.clientId !== 'pi-1') memory.setWeather({ refusesConnects: isSlow });
    return memory.openLink({ ...options, clientId: isPicky ? 'pi-1' : options.clientId }, handlers);
  };
  const rig = await startMemoryAgent({ documents: [stop], clock, broker: { ...memory, openLink } });
  const link = () => rig.agent.sources.link();
  return {
    clock,
    memory,
    state: () => link().express.state,
    trouble: () => link().express.trouble ?? '',
    /** How often the main connection was lost. */
    lostCount: () => link().counters.connects - 1,
    [Symbol.asyncDispose]: async () => {
      const closed = rig[Symbol.asyncDispose]();
      await clock.advance(60_000);
      await closed;
    },
  };
}

test('a main connection that ends just then by chance costs the one for emergencies a minute, each time', async () => {
  await using rig = await openRig({ isPicky: false });
  const { clock, memory, state } = rig;
  await clock.advance(500);
  expect(state()).toBe('up');
  for (const _ of ['once', 'and once more, much later']) {
    memory.drop('pi-1');
    await clock.advance(1_000);
    expect([state(), rig.trouble()]).toEqual(['down', expect.stringContaining('it waits 1 min before it tries again')]);
    await clock.advance(expressAgainMsMin - 2_000);
    expect(state()).toBe('down');
    await clock.advance(2_000);
    expect([state(), rig.trouble()]).toEqual(['up', '']);
    await clock.advance(2 * expressClashMs);
    memory.drop('pi-1'); // From now on it says nothing about the other one.
    await clock.advance(1_000);
    expect([state(), memory.connectedIds]).toEqual(['up', ['pi-1-emergency', 'pi-1']]);
    memory.drop('pi-1-emergency');
    await clock.advance(1_000);
    expect(state()).toBe('up');
  }
});

test('a broker that takes both for one client loses the main connection ever more rarely', async () => {
  await using rig = await openRig({ isPicky: true });
  const { clock, state, lostCount } = rig;
  const seen: number[] = [];
  for (const ms of [10_000, 60_000, 10 * 60_000, 100 * 60_000, 1_000 * 60_000]) {
    await clock.advance(ms);
    seen.push(lostCount());
    expect([state(), rig.trouble()]).toEqual(['down', expect.stringContaining(`${seen.length} times in a row`)]);
  }
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  await clock.advance(12 * hourMs);
  expect(lostCount()).toBe(5);
}, 60_000);

test('also where the first attempts failed for another reason', async () => {
  await using rig = await openRig({ isPicky: true, isSlow: true });
  const { clock, memory, state, lostCount } = rig;
  await clock.advance(5_000);
  expect([state(), lostCount()]).toEqual(['down', 0]);
  expect(rig.trouble()).toContain('refused');
  memory.setWeather({ refusesConnects: false });
  await clock.advance(50_000);
  expect([state(), lostCount()]).toEqual(['down', 1]);
  expect(rig.trouble()).toContain('the broker ended the main connection');
});

test('the wait grows tenfold, up to a day', () => {
  const minutes = [1, 2, 3, 4, 5, 6, 400].map((count) => clashWaitMs(count) / 60_000);
  expect(minutes).toEqual([1, 10, 100, 1_000, 1_440, 1_440, 1_440]);
  expect(expressAgainMsMax).toBe(24 * hourMs);
});
