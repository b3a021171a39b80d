import { describe, expect, test } from 'vitest';
import type { BytePort } from '../../../drivers/contract/byte-port.ts';
import { type DriverErrorKind, fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { KeptPort } from '../../../drivers/serial/kept-port.ts';
import { reopenLimits } from '../../../drivers/serial/reopening.ts';
import { createSimulatedSerialPair, type SimulatedSerialPair } from '../../../drivers/serial-simulated.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const { delayMsMin, lossesCountMax, stormPauseMs } = reopenLimits;

/** A plug: while it is out the port is absent, and each opening is a new simulated wire. */
async function openRig({ isIn = true, isPulledAtOnce = false } = {}) {
  const clock = createFakeClock();
  const told: string[] = [];
  const pairs: SimulatedSerialPair[] = [];
  const state = {
    isIn,
    isPulledAtOnce,
    triesCount: 0,
    refusal: 'absent' as DriverErrorKind,
    holding: Promise.resolve(),
  };
  const open = async (): Promise<Result<BytePort>> => {
    state.triesCount += 1;
    await state.holding;
    if (!state.isIn) {
      return fail({ kind: state.refusal, operation: 'open', resource: 'scale', detail: `it is ${state.refusal}` });
    }
    const pair = createSimulatedSerialPair({}, clock);
    pairs.push(pair);
    if (state.isPulledAtOnce) pair.unplug();
    state.isPulledAtOnce = false;
    return ok(pair.left);
  };
  const kept = await KeptPort.open(
    'scale',
    { clock, random: () => 0, open },
    {
      onOpen: () => told.push('open'),
      onData: (chunk) => told.push(`data ${Buffer.from(chunk).toString()}`),
      onTrouble: ({ detail }) => told.push(detail),
    },
  );
  return {
    clock,
    told,
    state,
    kept,
    pairs,
    unplug() {
      state.isIn = false;
      pairs.at(-1)?.unplug();
    },
    plug() {
      state.isIn = true;
    },
  };
}

describe('a kept port', () => {
  test('says that its port has no modem lines, and that it is not open', async () => {
    const { kept, unplug } = await openRig();
    expect(await kept.setModem({ dtr: false })).toMatchObject({ ok: false, error: { kind: 'unsupported' } });
    unplug();
    expect(await kept.setModem({ dtr: false })).toMatchObject({ ok: false, error: { kind: 'closed' } });
    await kept[Symbol.asyncDispose]();
  });

  test('is open at once when the port is there', async () => {
    const { kept, told } = await openRig();
    expect(told).toEqual(['open']);
    expect(kept.trouble).toBeUndefined();
    expect(await kept.write(Buffer.from('x'), 100)).toEqual({ ok: true });
    await kept[Symbol.asyncDispose]();
  });

  test('comes up later when the port was absent at first, and tells the absence once', async () => {
    const { kept, told, clock, plug, state } = await openRig({ isIn: false });
    await clock.advance(60_000);
    expect(told).toEqual(['it is absent']);
    expect(state.triesCount).toBeGreaterThan(90);
    expect(state.triesCount).toBeLessThan(160);
    plug();
    await clock.advance(600);
    expect(told).toEqual(['it is absent', 'open']);
    await kept[Symbol.asyncDispose]();
  });

  test('fails writes at once while it is not open, with the reason', async () => {
    const { kept, clock, unplug } = await openRig();
    unplug();
    await clock.advance(1);
    const detail = 'the port is not open and is tried again by itself: unplugged';
    const error = { kind: 'closed', operation: 'write', resource: 'scale', detail };
    expect(await kept.write(Buffer.from('x'), 100)).toMatchObject({ ok: false, error });
    expect(kept.trouble).toMatchObject({ kind: 'closed', operation: 'use' });
    await kept[Symbol.asyncDispose]();
  });

  test('ends a write in flight when the port goes away', async () => {
    const { kept, pairs, unplug } = await openRig();
    pairs[0]?.stall();
    const writing = kept.write(Buffer.alloc(100_000), 60_000);
    unplug();
    expect(await writing).toMatchObject({ ok: false, error: { kind: 'closed' } });
    await kept[Symbol.asyncDispose]();
  });

  test('is open again within a second of the return, as a new object', async () => {
    const { kept, told, clock, pairs, unplug, plug } = await openRig();
    unplug();
    await clock.advance(20_000);
    plug();
    await clock.advance(600);
    expect(told).toEqual(['open', 'unplugged', 'it is absent', 'open']);
    expect(pairs).toHaveLength(2);
    await kept[Symbol.asyncDispose]();
  });

  test('is opened again where it went away before anybody listened', async () => {
    const { kept, told, clock } = await openRig({ isPulledAtOnce: true });
    await clock.advance(delayMsMin);
    expect(told).toEqual(['open', 'unplugged', 'open']);
    expect(await kept.write(Buffer.from('x'), 100)).toEqual({ ok: true });
    await kept[Symbol.asyncDispose]();
  });

  test('delivers nothing of the old connection after the new one began', async () => {
    const { kept, told, clock, pairs, unplug, plug } = await openRig();
    void pairs[0]?.right.write(Buffer.from('old'), 1_000);
    unplug();
    plug();
    await clock.advance(1_000);
    expect(told.at(-1)).toBe('open');
    await pairs[1]?.right.write(Buffer.from('new'), 1_000);
    await clock.advance(1);
    expect(told.filter((text) => text.startsWith('data'))).toEqual(['data new']);
    await kept[Symbol.asyncDispose]();
  });

  test('is tried ever less often while the port is there and does not open', async () => {
    const { kept, clock, state } = await openRig({ isIn: false });
    state.refusal = 'busy';
    await clock.advance(10 * 60_000);
    expect(state.triesCount).toBeLessThan(60);
    expect(state.triesCount).toBeGreaterThan(20);
    await kept[Symbol.asyncDispose]();
  });

  test('tells it again when the reason changes, and only then', async () => {
    const { kept, told, clock, state } = await openRig({ isIn: false });
    state.refusal = 'denied';
    await clock.advance(60_000);
    state.refusal = 'absent';
    await clock.advance(60_000);
    expect(told).toEqual(['it is absent', 'it is denied', 'it is absent']);
    await kept[Symbol.asyncDispose]();
  });

  test('is left alone for a while when it flaps, which is told, and then tried again', async () => {
    const { kept, told, clock, pairs, unplug, plug } = await openRig();
    for (let count = 0; count <= lossesCountMax; count += 1) {
      unplug();
      plug();
      await clock.advance(delayMsMin);
    }
    expect(told.at(-1)).toMatch(
      /^it went away more than 10 times within 60 s, the last time because unplugged; it is left alone for 60 s$/,
    );
    const openings = pairs.length;
    await clock.advance(stormPauseMs - delayMsMin - 1);
    expect(pairs).toHaveLength(openings);
    await clock.advance(1);
    expect(told.at(-1)).toBe('open');
    await kept[Symbol.asyncDispose]();
  });

  test('disposed of while it waits, it tries no more and leaves no timer', async () => {
    const { kept, told, clock, state, unplug } = await openRig();
    unplug();
    await kept[Symbol.asyncDispose]();
    const { triesCount } = state;
    await clock.advance(120_000);
    expect([state.triesCount, clock.timersCount]).toEqual([triesCount, 0]);
    expect(told).toEqual(['open', 'unplugged']);
  });

  test('disposed of while it opens, it closes what comes of it and tells nothing', async () => {
    const { kept, told, clock, state, pairs, unplug, plug } = await openRig();
    const gate = Promise.withResolvers<void>();
    unplug();
    plug();
    state.holding = gate.promise;
    await clock.advance(1_000);
    const disposing = kept[Symbol.asyncDispose]();
    gate.resolve();
    await disposing;
    expect(pairs).toHaveLength(2);
    expect(await pairs[1]?.left.write(Buffer.from('x'), 100)).toMatchObject({ ok: false, error: { kind: 'closed' } });
    expect(told).toEqual(['open', 'unplugged']);
  });

  test('survives a driver that throws', async () => {
    const clock = createFakeClock();
    const told: string[] = [];
    const open = () => Promise.reject(new Error('broken driver'));
    const kept = await KeptPort.open(
      'scale',
      { clock, random: () => 0, open },
      {
        onOpen: () => told.push('open'),
        onData: () => undefined,
        onTrouble: ({ kind, detail }) => told.push(`${kind}: ${detail}`),
      },
    );
    await clock.advance(60_000);
    expect(told).toEqual(['io: broken driver']);
    await kept[Symbol.asyncDispose]();
  });
});
