import { describe, expect, it, onTestFinished } from 'vitest';
import { idReserveMsMax, idReserveMsMin } from '../../agent/id-limits.ts';
import { createKeptIds } from '../../agent/kept-ids.ts';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { idEpochMs, parseId } from '../../agent/qn/snowflake.ts';
import { Platter } from '../../agent/store/platter.ts';
import type { Store } from '../../agent/store/store.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';
import { openMemoryRig, stored } from '../support/store-rigs.ts';

const bootMs = Date.UTC(2026, 5, 1);

function openTestRig() {
  const rig = openMemoryRig();
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

/** Every life begins at the same time of the wall clock. */
function begin(store: Store | undefined, wallMs = bootMs) {
  const clock = { ...createFakeClock(), wallMsNow: wallMs, wallMs: () => clock.wallMsNow };
  return { clock, ids: createKeptIds({ clock, nodeName: 'pi-42' }, store?.values) };
}

async function durable(store: Store): Promise<void> {
  stored(await store.values.set('other', 'x')); // In a commit with those before it, or behind it.
}

describe('ids over restarts', () => {
  it.each([
    ['a clock that begins at the same time', bootMs],
    ['a clock that begins before there were ids', 1_000],
  ])('none is given twice with %s, however the lives end', async (_, wallMs) => {
    const rig = openTestRig();
    const given = new Set<bigint>();
    let count = 0;
    for (let life = 0; life < 4; life += 1) {
      const store = await rig.open();
      const { clock, ids } = begin(store, wallMs);
      for (let second = 0; second < 3 * 3_600; second += 9 - life) {
        for (let burst = 0; burst < 3; burst += 1) given.add(ids.next());
        count += 3;
        if (second % 60 < 9) await durable(store);
        clock.wallMsNow += 1_000 * (9 - life);
      }
      await durable(store);
      await (life % 2 === 0 ? rig.crash() : store[Symbol.asyncDispose]());
    }
    expect(given.size).toBe(count);
  });

  it('none is given twice when the clock jumped, and the life after it begins late', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    const { clock, ids } = begin(store);
    ids.next();
    clock.wallMsNow += 86_400_000;
    const last = ids.next();
    await durable(store);
    await rig.crash();
    expect(begin(await rig.open(), bootMs + 86_400_000).ids.next()).toBeGreaterThan(last);
  });

  it('a life that dies before its first commit is not repeated by the next one', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    begin(store).ids.next();
    await durable(store);
    await rig.crash();
    const lives: bigint[] = [];
    for (const laterMs of [100, 2_000, 2_150]) {
      lives.push(begin(await rig.open(), bootMs + laterMs).ids.next());
      await rig.crash();
    }
    expect(new Set(lives).size).toBe(3);
  });

  it('what the store did not take is reserved with a later id', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    const { clock, ids } = begin(store);
    ids.next();
    await durable(store);
    rig.platter.trouble = 'io';
    clock.wallMsNow += 3 * idReserveMsMax;
    ids.next();
    await rig.clock.advance(10);
    const last = ids.next();
    rig.platter.trouble = undefined;
    await rig.clock.advance(5_000);
    expect(store.state).toBe('working');
    const behind = ids.next();
    await durable(store);
    await rig.crash();
    expect(behind).toBeGreaterThan(last);
    expect(begin(await rig.open()).ids.next()).toBeGreaterThan(behind);
  });

  it('a life that could not read the store leaves what was reserved before it', async () => {
    const rig = openTestRig();
    const first = await rig.open();
    const { clock, ids } = begin(first, bootMs + 86_400_000);
    const last = ids.next();
    await durable(first);
    await rig.crash();
    rig.platter.trouble = 'io';
    const blind = await rig.open();
    const later = begin(blind);
    later.ids.next();
    rig.platter.trouble = undefined;
    await rig.clock.advance(5_000);
    later.ids.next();
    await durable(blind);
    await rig.crash();
    clock.wallMsNow = bootMs;
    expect(begin(await rig.open()).ids.next()).toBeGreaterThan(last);
  });

  it('an agent that dies again and again does not run far ahead of the time', async () => {
    const rig = openTestRig();
    for (let life = 0; life < 50; life += 1) {
      const store = await rig.open();
      begin(store).ids.next();
      await durable(store);
      await rig.crash();
    }
    const { stampMs, mode } = parseId(begin(await rig.open()).ids.next());
    expect(stampMs - bootMs).toBeLessThan(51 * (idReserveMsMin + 1));
    expect(mode).toBe(1); // QN-9
  });

  it('writes no more than twice an hour when it has run for a while', async () => {
    const rig = openTestRig();
    const store = await rig.open();
    const { clock, ids } = begin(store);
    const run = async (hours: number) => {
      const { commits } = store.metrics();
      for (let second = 0; second < hours * 3_600; second += 1) {
        ids.next();
        clock.wallMsNow += 1_000;
        if (second % 600 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return store.metrics().commits - commits;
    };
    await run(1);
    expect(await run(10)).toBeLessThanOrEqual(20);
  });

  it('go by the clock where there is no store', () => {
    expect(parseId(begin(undefined).ids.next())).toMatchObject({ stampMs: bootMs, mode: 0, count: 0 });
  });
});

const settle = async () => {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('an agent without time', () => {
  /** One life of a board without battery and time server: what it said until the clock was set, and the modes of all its ids. */
  async function live(platter: Platter, commands: number, setMs: number) {
    const clock = createFakeClock(Date.UTC(2025, 0, 1));
    const broker = createMemoryBroker({ clock });
    const pass = async (ms: number) => {
      await settle();
      await clock.advance(ms);
      await settle();
    };
    const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
    const starting = startMemoryAgent({ documents, clock, broker, platter });
    for (let turn = 0; turn < 20; turn += 1) await pass(50);
    const rig = await starting;
    for (let index = 0; index < commands; index += 1) {
      rig.say('notify/gpio.relay1', index % 2 === 0 ? 'ON' : 'OFF');
      await pass(50);
    }
    const own = () => rig.all.flatMap(({ message }) => (message.src === 'pi-1' ? [message.id ?? 0n] : []));
    const ids = new Set(own());
    clock.stepWall(setMs - clock.wallMs());
    for (const value of ['OFF', 'ON', 'OFF']) {
      rig.say('notify/gpio.relay1', value);
      await pass(50);
    }
    const modes = own().map((id) => parseId(id).mode);
    const disposed = rig[Symbol.asyncDispose]();
    for (let turn = 0; turn < 60; turn += 1) await pass(100);
    await disposed;
    return { ids, modes };
  }

  it('says no id that an earlier life said, and leaves mode 2 when the clock is set', { timeout: 60_000 }, async () => {
    const platter = new Platter();
    const first = await live(platter, 60, bootMs);
    const second = await live(platter, 20, bootMs + 86_400_000);
    expect(first.ids.size).toBeGreaterThan(60);
    expect(second.ids.size).toBeGreaterThan(20);
    expect([...second.ids].filter((id) => first.ids.has(id))).toEqual([]);
    expect([...second.ids].every((id) => parseId(id).stampMs > idEpochMs)).toBe(true);
    expect([first.modes[0], first.modes.at(-1)]).toEqual([2, 0]);
    expect([second.modes[0], second.modes.at(-1)]).toEqual([2, 0]);
  });
});
