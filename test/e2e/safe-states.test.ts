import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type SafeLevel, type SafeStates, type Situation, safeAction } from '../../drivers/safe-state.ts';
import { needBundle } from '../support/agent-process.ts';
import { collect } from '../support/mqtt-client.ts';
import { openRelayRig, type RelayRig } from '../support/relay-rig.ts';
import { until } from '../support/until.ts';

const held: SafeStates = { boot: 'hold', exit: 'hold', crash: 'hold', configError: 'hold' };

/** One way to lose the hand on a relay that is on. */
interface Fault {
  readonly name: string;
  readonly situation: Situation;
  states(level: SafeLevel): SafeStates;
  /** Returns when nothing more is going to happen, except what `settles` waits for. */
  act(rig: RelayRig): Promise<void>;
}

const faults: readonly Fault[] = [
  {
    name: 'kill -9',
    situation: 'crash',
    states: (crash) => ({ ...held, crash }),
    act: async (rig) => void (await rig.kill('SIGKILL')),
  },
  {
    name: 'SIGTERM',
    situation: 'exit',
    states: (exit) => ({ ...held, exit }),
    act: async (rig) => expect(await rig.kill('SIGTERM')).toEqual({ code: 0, signal: null }),
  },
  {
    name: 'the broker is gone',
    situation: 'offline',
    states: (to) => ({ ...held, offline: { afterMs: 100, to, restore: false } }),
    async act(rig) {
      await rig.broker.stop();
      await delay(400); // For `hold` nothing happens that could be awaited; for the others the wire is.
    },
  },
  {
    name: 'a fault in the config at the start',
    situation: 'config-error',
    states: (configError) => ({ ...held, configError }),
    async act(rig) {
      await rig.kill('SIGTERM');
      await rig.breakConfig();
      expect(await rig.startInVain()).toEqual({ code: 78, signal: null });
    },
  },
  {
    name: 'the agent is started again',
    situation: 'boot',
    states: (boot) => ({ ...held, boot }),
    async act(rig) {
      await rig.kill('SIGTERM');
      await rig.start();
    },
  },
  {
    name: 'the driver fails a write',
    situation: 'driver-fault',
    states: (crash) => ({ ...held, crash }),
    async act(rig) {
      await rig.failNextWrite();
      await rig.failingCommand('ON');
    },
  },
];

const levels: readonly SafeLevel[] = [false, true, 'hold'];
const rows = faults.flatMap((fault) =>
  levels.map((level) => ({ name: fault.name, fault, level, active: level === true ? 'low' : 'high' }) as const),
);

beforeAll(needBundle);

describe('what the wire of a relay that is on does, as the table of safe states says', () => {
  test.for(rows)('$name, with $level (active $active)', async ({ fault, level, active }) => {
    const states = fault.states(level);
    await using rig = await openRelayRig({ safe: states, active });
    await rig.start();
    await rig.command('ON');
    await fault.act(rig);
    const action = safeAction(fault.situation, states);
    const after = rig.level(action.do === 'drive' ? action.on : true);
    await until(() => rig.wire() === after, 'the wire after the fault');
    expect(rig.changes().map((change) => change.level)).toEqual(withoutRepeats([0, rig.level(true), after]));
  });
});

describe('a pulse that is under way when the agent is killed', () => {
  test.for(['high', 'low'] as const)('ends all the same where crash holds the level; active %s', async (active) => {
    await using rig = await openRelayRig({ safe: held, active });
    await rig.start();
    await rig.command('OFF');
    await rig.pulse('1h');
    await until(() => rig.wire() === rig.level(true), 'the pulse');
    await rig.kill('SIGKILL');
    await until(() => rig.wire() === rig.level(false), 'the end of the pulse');
    await rig.start();
    expect(rig.wire()).toBe(rig.level(false));
  });

  test.for(['another command', 'its end'])('is held as any other level after %s', async (end) => {
    await using rig = await openRelayRig({ safe: held, active: 'high' });
    await rig.start();
    await using acks = await collect(rig.broker.port, 'qn/1/pi-1/ack/relay');
    await rig.pulse(end === 'its end' ? '50ms' : '1h');
    if (end === 'its end') await acks.next(({ text }) => text.includes('"successful"')); // Or it would be taken for that of the ON.
    await rig.command('ON');
    await rig.kill('SIGKILL');
    await delay(400);
    expect(rig.wire()).toBe(1);
  });
});

describe('the guard', () => {
  test('brings the output down within 200 ms of a kill -9, and the next agent has the line at once', async () => {
    await using rig = await openRelayRig({ safe: { ...held, crash: false }, active: 'high' });
    const delaysMs: number[] = [];
    for (let round = 1; round <= 3; round += 1) {
      await rig.start();
      await rig.command('ON');
      const killedNs = process.hrtime.bigint();
      await rig.kill('SIGKILL');
      await until(() => rig.changes().length === 2 * round, 'the change after the crash');
      delaysMs.push(Number((rig.changes().at(-1)?.atNs ?? 0n) - killedNs) / 1e6);
    }
    expect(rig.changes().map((change) => change.level)).toEqual([1, 0, 1, 0, 1, 0]);
    expect(Math.min(...delaysMs)).toBeLessThan(200);
  });

  test('outlives the signals that are meant for the agent, and is started again when it is killed', async () => {
    await using rig = await openRelayRig({ safe: { ...held, crash: false }, active: 'high' });
    await rig.start();
    await rig.command('ON');
    const first = pidOf(rig);
    process.kill(first, 'SIGKILL');
    await until(() => ![undefined, first].includes(rig.guardPid()), 'the next guard');
    const second = pidOf(rig);
    await until(() => hasTitle(second), 'the guard to be ready');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(second, signal);
    await rig.kill('SIGKILL');
    await until(() => rig.wire() === 0, 'the wire after the crash');
    expect(rig.changes().map((change) => change.level)).toEqual([1, 0]);
  });

  test('waits for a line that somebody else has for a moment yet', async () => {
    await using rig = await openRelayRig({ safe: { ...held, crash: false }, active: 'high' });
    await rig.start();
    await rig.command('ON');
    const guard = pidOf(rig);
    await until(() => hasTitle(guard), 'the guard to be ready');
    using somebody = rig.holdLine();
    const killed = rig.kill('SIGKILL'); // Known when the guard has closed what both write to.
    await delay(200);
    expect(rig.wire()).toBe(1);
    somebody[Symbol.dispose]();
    await killed;
    await until(() => rig.wire() === 0, 'the wire when the line is free');
  });

  test('sends nobody away who asks for lines while it still drives others', async () => {
    await using rig = await openRelayRig({ safe: { ...held, crash: false }, active: 'high' });
    await rig.start();
    await rig.command('ON');
    const guard = pidOf(rig);
    await until(() => hasTitle(guard), 'the guard to be ready');
    using _somebody = rig.holdLine(); // So it takes its time.
    const killed = rig.kill('SIGKILL');
    await delay(200);
    const askedMs = performance.now();
    const asking = createConnection(rig.door(guard));
    await once(asking, 'close');
    expect(performance.now() - askedMs).toBeGreaterThan(300);
    await killed;
  });

  test('says nothing and does nothing after a goodbye', async () => {
    await using rig = await openRelayRig({ safe: { ...held, crash: false }, active: 'high' });
    await rig.start();
    await rig.command('ON');
    expect(await rig.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(rig.wire()).toBe(1);
  });
});

function pidOf(rig: RelayRig): number {
  const pid = rig.guardPid();
  if (pid === undefined) throw new Error('there is no guard'); // Never 0: that would be our own process group.
  return pid;
}

/** It takes its title when it has its handlers; before, it may still be a copy of the agent that has not begun. */
function hasTitle(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('qn-guard');
}

function withoutRepeats(path: readonly number[]): readonly number[] {
  return path.filter((level, index) => index > 0 && level !== path[index - 1]);
}
