import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SafeStates } from '../../drivers/safe-state.ts';
import { needBundle } from '../support/agent-process.ts';
import { openRelayRig, type RelayRig } from '../support/relay-rig.ts';
import { until } from '../support/until.ts';

const off: SafeStates = { boot: false, exit: false, crash: false, configError: false };

beforeAll(needBundle);

describe('of two relays in an interlock group, one that a crash switches off and one that it switches on', () => {
  const rival = { safe: { ...off, crash: true }, deadTime: '1s' };

  test('both are off for the dead time when the first one was on', async () => {
    await using rig = await openRelayRig({ safe: off, active: 'low', rival });
    await rig.start();
    await rig.command('ON');
    await rig.kill('SIGKILL');
    await until(() => isRivalOn(rig), 'the other relay');
    expect(rig.wire()).toBe(rig.level(false));
    expect(betweenMs(rig)).toBeGreaterThanOrEqual(1_000);
    expect(betweenMs(rig)).toBeLessThan(2_000);
  });

  test('both are off for the dead time when the first one went off just before', async () => {
    await using rig = await openRelayRig({ safe: off, active: 'high', rival });
    await rig.start();
    for (const value of ['ON', 'OFF'] as const) await rig.command(value);
    await rig.kill('SIGKILL');
    await until(() => isRivalOn(rig), 'the other relay');
    expect(betweenMs(rig)).toBeGreaterThanOrEqual(1_000);
    expect(betweenMs(rig)).toBeLessThan(2_000);
  });

  test('the second one is on at once when the first one was off, and the dead time after the start is over', async () => {
    await using rig = await openRelayRig({ safe: off, active: 'high', rival: { ...rival, deadTime: '4s' } });
    await rig.start();
    await delay(4_000);
    const killedMs = performance.now();
    await rig.kill('SIGKILL');
    await until(() => isRivalOn(rig), 'the other relay');
    expect(performance.now() - killedMs).toBeLessThan(4_000);
  });

  test('the second one never goes on when the next agent came before', async () => {
    await using rig = await openRelayRig({ safe: off, active: 'high', rival: { ...rival, deadTime: '3s' } });
    await rig.start();
    await rig.command('ON');
    const killedMs = performance.now();
    await rig.kill('SIGKILL');
    await until(() => rig.wire() === 0, 'the first relay');
    await rig.start();
    expect(performance.now() - killedMs).toBeLessThan(3_000);
    await delay(4_000);
    expect([rig.wire(), rig.changes('rival')]).toEqual([0, []]);
  });

  test('the longest time on of the second one begins when it goes on, also where that is shorter than the dead time', async () => {
    await using rig = await openRelayRig({ safe: off, active: 'high', rival: { ...rival, maxOn: '500ms' } });
    await rig.start();
    await rig.command('ON');
    await rig.kill('SIGKILL');
    await until(() => rig.changes('rival').length === 2, 'on, and off again');
    expect(rig.wire('rival')).toBe(0);
  });
});

test.for([
  ['by it', 'hold'],
  ['by the agent before', false],
] as const)('a fault in the config keeps the dead time of an output that goes off %s', async ([, exit]) => {
  const safe: SafeStates = { ...off, exit };
  const rival = { safe: { ...off, configError: true }, deadTime: '1s' };
  await using rig = await openRelayRig({ safe, active: 'high', rival });
  await rig.start();
  await rig.command('ON');
  await rig.kill('SIGTERM');
  await rig.breakConfig();
  expect(await rig.startInVain()).toEqual({ code: 78, signal: null });
  expect([rig.wire(), rig.wire('rival')]).toEqual([0, 1]);
  expect(betweenMs(rig)).toBeGreaterThanOrEqual(1_000);
});

test('SIGTERM does not wait for the dead time that a fault in the config has it wait for', async () => {
  const rival = { safe: { ...off, configError: true }, deadTime: '3s' };
  await using rig = await openRelayRig({ safe: { ...off, exit: 'hold' }, active: 'high', rival });
  await rig.start();
  await rig.command('ON');
  await rig.kill('SIGTERM');
  await rig.breakConfig();
  const ended = rig.startInVain();
  await until(() => rig.wire() === 0, 'the first relay', 10_000);
  await rig.kill('SIGTERM');
  expect(await ended).toEqual({ code: 78, signal: null });
  expect(rig.changes('rival')).toEqual([]);
});

/** Also in the log of its line, which is written after the level. */
const isRivalOn = (rig: RelayRig) => rig.changes('rival').at(-1)?.level === 1;

/** From the last change of the first relay to that of the other one. */
function betweenMs(rig: RelayRig): number {
  const [first, second] = (['relay', 'rival'] as const).map((name) => rig.changes(name).at(-1)?.atNs ?? 0n);
  return Number((second ?? 0n) - (first ?? 0n)) / 1e6;
}
