import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SafeStates } from '../../drivers/safe-state.ts';
import { needBundle } from '../support/agent-process.ts';
import { openRelayRig, type RelayRig } from '../support/relay-rig.ts';
import { until } from '../support/until.ts';

const held: SafeStates = { boot: 'hold', exit: 'hold', crash: 'hold', configError: 'hold' };

beforeAll(needBundle);

describe('the longest time on of a relay whose level is held', () => {
  test.for(['SIGKILL', 'SIGTERM'] as const)('is kept also when no agent is there; after %s', async (signal) => {
    await using rig = await openRelayRig({ safe: held, active: 'low', maxOn: '6s' });
    await rig.start();
    for (const value of ['OFF', 'ON'] as const) await rig.command(value);
    await delay(1_000);
    await rig.kill(signal);
    await delay(1_000);
    expect(rig.wire()).toBe(rig.level(true));
    await until(() => rig.changes().length === 3, 'the end of the time', 15_000);
    expect(lastForMs(rig)).toBeGreaterThan(5_900);
    expect(lastForMs(rig)).toBeLessThan(6_900); // From what was left, and not all of it from the end of the agent.
  });

  test('begins for a relay that a crash switches on', async () => {
    await using rig = await openRelayRig({ safe: { ...held, crash: true }, active: 'high', maxOn: '1s' });
    await rig.start();
    await rig.kill('SIGKILL');
    await until(() => rig.changes().length === 2, 'on, and off again');
    expect(rig.changes().map((change) => change.level)).toEqual([1, 0]);
  });

  test('begins for a relay that is switched on for a fault in the config', async () => {
    await using rig = await openRelayRig({ safe: { ...held, configError: true }, active: 'high', maxOn: '1s' });
    await rig.start();
    await rig.kill('SIGTERM');
    await rig.breakConfig();
    expect(await rig.startInVain()).toEqual({ code: 78, signal: null });
    await until(() => rig.changes().length === 2, 'on, and off again');
    expect(rig.changes().map((change) => change.level)).toEqual([1, 0]);
  });

  test.for(['SIGKILL', 'SIGTERM'] as const)(
    'goes on where a fault in the config leaves it on; after %s',
    async (signal) => {
      const rival = { safe: { ...held, configError: false }, deadTime: '10ms' };
      await using rig = await openRelayRig({ safe: held, active: 'high', maxOn: '4s', rival });
      await rig.start();
      await rig.command('ON');
      await rig.kill(signal);
      await rig.breakConfig();
      expect(await rig.startInVain()).toEqual({ code: 78, signal: null });
      expect(rig.wire()).toBe(1);
      await until(() => rig.changes().length === 2, 'the end of the time', 15_000);
      expect(rig.wire()).toBe(0);
    },
  );

  test('goes on in the next agent, though the last one had no time to write it down', async () => {
    await using rig = await openRelayRig({ safe: held, active: 'high', maxOn: '12s' });
    await rig.start();
    for (const value of ['ON', 'OFF'] as const) await rig.command(value); // What is remembered is written once a minute.
    await delay(3_000);
    await rig.command('ON');
    await delay(5_000);
    await rig.kill('SIGKILL');
    await rig.start();
    expect(rig.wire()).toBe(1);
    await until(() => rig.changes().length === 4, 'the end of the time', 15_000);
    expect(lastForMs(rig)).toBeGreaterThan(11_500);
    expect(lastForMs(rig)).toBeLessThan(14_000); // All of it once more would be 17 s.
  });
});

/** Between the last two changes. */
function lastForMs(rig: RelayRig): number {
  const [from, to] = rig.changes().slice(-2);
  return Number((to?.atNs ?? 0n) - (from?.atNs ?? 0n)) / 1e6;
}
