import { describe, expect, test } from 'vitest';
import { pwmOut } from '../../../agent/documents/pwm-out.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { createSimulatedPwm, type PwmWave } from '../../../drivers/pwm-simulated.ts';
import { openDocuments } from '../../support/document-rig.ts';
import { valueOf } from '../../support/value-of.ts';
import { watchSurroundings } from './surroundings.ts';

const fan = (rest = '') => `fan: { driver: pwm-out, chip: pwmchip0, frequency: 25000${rest} }`;

test.for<[string, Value, string]>([
  ['', 0.25, '0.25'],
  ['', { duty: 0.5 }, '0.5'],
  ['', 'ON', '1'],
  ['', false, '0'],
  [', scale: 100', 25, '25'],
  [', scale: 100', { duty: 33.3 }, '33.3'],
  [', scale: 100', 'on', '100'],
  [', scale: 100', 1, '1'],
])('with %j the value %j is told as %s', async ([rest, value, told]) => {
  await using rig = await openDocuments({ documents: [fan(rest)] });
  expect(await rig.command('fan', value)).toEqual({ ok: true });
  expect(rig.told.at(-1)).toBe(`fan ${told}`);
});

test.for<[string, Value]>([
  ['', 1.01],
  ['', -0.1],
  ['', 'half'],
  ['', { duty: '1' }],
  ['', { duty: 1, more: 1 }],
  ['', null],
  [', scale: 100', 101],
])('with %j the value %j is out of range', async ([rest, value]) => {
  await using rig = await openDocuments({ documents: [fan(rest)] });
  expect(await rig.command('fan', value)).toMatchObject({ ok: false, error: { reason: 'out-of-range' } });
  expect(rig.told).toEqual(['fan 0']);
});

test('it begins and ends as the config says', async () => {
  const rig = await openDocuments({ documents: [fan(', scale: 100, safe: { boot: 40, exit: 10 }')] });
  expect(rig.open('fan').probe()).toEqual({ ok: true, value: 'runs at 40 % of 25000 Hz' });
  await rig[Symbol.asyncDispose]();
  expect(rig.told).toEqual(['fan 40', 'fan 10']);
});

test('without a broker it goes to its offline state, and back by a command', async () => {
  await using rig = await openDocuments({ documents: [fan(', safe: { boot: 1, offline: { after: 10s, to: 0.2 } }')] });
  rig.board.setOnline(false);
  await rig.clock.advance(9_999);
  expect(rig.told).toEqual(['fan 1']);
  await rig.clock.advance(1);
  expect(rig.told).toEqual(['fan 1', 'fan 0.2']);
  expect(rig.report('fan')?.safe).toBe('went to 0.2: offline');
  rig.board.setOnline(true);
  expect(rig.told).toHaveLength(2);
  await rig.command('fan', 0.7);
  expect([rig.told.at(-1), rig.report('fan')?.safe]).toEqual(['fan 0.7', undefined]);
});

test('it comes back by itself where the config says so, and stays where the broker was away for a moment only', async () => {
  const offline = 'offline: { after: 10s, to: 0, restore: on }';
  await using rig = await openDocuments({ documents: [fan(`, safe: { boot: 0.6, ${offline} }`)] });
  rig.board.setOnline(false);
  await rig.clock.advance(10_000);
  rig.board.setOnline(true);
  expect(rig.told).toEqual(['fan 0.6', 'fan 0', 'fan 0.6']);
  rig.board.setOnline(false);
  await rig.clock.advance(5_000);
  rig.board.setOnline(true);
  await rig.clock.advance(60_000);
  expect(rig.told).toHaveLength(3);
});

describe('an offline state that cannot be driven at first', () => {
  /** A channel that loses writes: the next `fails` of them. `isDone`: only the answer is lost. */
  async function openLosing(restore = false) {
    const losing = { fails: 0, isDone: false, wave: undefined as PwmWave | undefined };
    const pwm = createSimulatedPwm({
      get: () => losing.wave,
      set(_name, wave) {
        losing.fails -= 1;
        if (losing.fails < 0 || losing.isDone) losing.wave = wave;
        if (losing.fails >= 0) throw new Error('EIO');
      },
    });
    const safe = {
      boot: 0,
      exit: 0,
      crash: 'hold',
      configError: 0,
      offline: { afterMs: 1_000, to: 0, restore },
    } as const;
    const config = {
      ...({ driver: 'pwm-out', chip: 'pwmchip0', channel: 0, frequencyHz: 1_000, scale: 1, safe } as const),
      ...({ priority: 'normal', retained: 'refuse' } as const),
    };
    const safeStates: (string | undefined)[] = [];
    const surroundings = { ...watchSurroundings(), pwm, safe: (why?: string) => void safeStates.push(why) };
    const heater = valueOf(await pwmOut.open(config, surroundings));
    return { heater, losing, safeStates, clock: surroundings.clock };
  }
  const full = { do: 'duty', duty: 1 } as const;

  test('is reached with the first write that succeeds, and gone back from', async () => {
    const { heater, losing, safeStates, clock } = await openLosing(true);
    await heater.perform(full);
    heater.online?.(false);
    losing.fails = 3;
    await clock.advance(3_999);
    expect(losing.wave?.duty).toBe(1);
    await clock.advance(1);
    expect([losing.wave?.duty, safeStates, clock.timersCount]).toEqual([0, [undefined, 'went to 0: offline'], 0]);
    heater.online?.(true);
    expect(losing.wave?.duty).toBe(1);
  });

  test('is driven where a command failed before, and nobody knows what runs', async () => {
    const { heater, losing, clock } = await openLosing();
    Object.assign(losing, { fails: 1, isDone: true });
    expect(await heater.perform(full)).toMatchObject({ ok: false });
    expect(losing.wave?.duty).toBe(1);
    heater.online?.(false);
    await clock.advance(1_000);
    expect(losing.wave?.duty).toBe(0);
  });

  test.for(['a command', 'a broker', 'the end'])('is not driven any more after %s', async (end) => {
    const { heater, losing, clock } = await openLosing();
    await heater.perform(full);
    heater.online?.(false);
    losing.fails = 1;
    await clock.advance(1_500);
    if (end === 'a command') await heater.perform({ do: 'duty', duty: 0.5 });
    else if (end === 'a broker') heater.online?.(true);
    else await heater[Symbol.asyncDispose]();
    expect(clock.timersCount).toBe(0);
  });
});
