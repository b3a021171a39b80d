import { describe, expect, test } from 'vitest';
import { InterlockGroup } from '../../../agent/documents/interlock.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { openFailing } from './failing-output.ts';

const dayMs = 86_400_000;
const on = { do: 'set', on: true } as const;
const off = { do: 'set', on: false } as const;
const pulse = { do: 'pulse', forMs: 500, once: true } as const;

describe('an output whose longest time on is over', () => {
  const limited = { config: { maxOnMs: 600_000 } };

  test('goes off with the first write that succeeds, and tells it once', async () => {
    const rig = await openFailing(limited);
    await rig.document.perform(on);
    rig.fails(3);
    await rig.clock.advance(602_999);
    expect([rig.levels(), rig.events]).toEqual([[1], []]);
    await rig.clock.advance(1);
    expect([rig.levels(), rig.events]).toEqual([[1, 0], [{ off: 'max-on' }]]);
    await rig.clock.advance(dayMs);
    expect([rig.writesCount(), rig.clock.timersCount]).toEqual([5, 0]);
  });

  test('never stays on because an on came before it could be switched off', async () => {
    const rig = await openFailing(limited);
    await rig.document.perform(on);
    await rig.clock.advance(599_999);
    rig.fails(1);
    await rig.clock.advance(501);
    await rig.document.perform(on);
    expect(rig.wire.level).toBe(1);
    await rig.clock.advance(500);
    expect([rig.levels(), rig.events]).toEqual([[1, 0], [{ off: 'max-on' }]]);
  });

  test('never stays on because an on came that failed', async () => {
    const rig = await openFailing(limited);
    await rig.document.perform(on);
    await rig.clock.advance(599_999);
    rig.fails(2);
    await rig.clock.advance(501);
    expect(await rig.document.perform(on)).toMatchObject({ ok: false });
    await rig.clock.advance(500);
    expect(rig.levels()).toEqual([1, 0]);
  });

  test.for([false, true])('also as it is found; with an on in between: %s', async (isCommanded) => {
    const clock = createFakeClock();
    const kept = { left_ms: 0, wall_ms: clock.wallMs() };
    const memory = { recall: () => kept, keep() {}, touch() {} };
    const rig = await openFailing({
      ...limited,
      safe: { boot: 'hold' },
      isFoundOn: true,
      surroundings: { clock, memory },
      failsAtFirst: 1,
    });
    expect(rig.wire.level).toBe(1);
    if (isCommanded) await rig.document.perform(on);
    await clock.advance(1_000);
    expect(rig.wire.level).toBe(0);
  });
});

describe('a pulse', () => {
  test.for([
    ['hold', 1],
    [false, 2],
    [true, 1],
  ] as const)('with crash %s never stays on because %i writes failed at its end', async ([crash, count]) => {
    const rig = await openFailing({ safe: { crash } });
    const ended = rig.document.perform(pulse);
    await rig.clock.advance(499);
    rig.fails(count);
    await rig.clock.advance(1);
    expect(await ended).toMatchObject({ ok: false, error: { kind: 'io' } });
    expect(rig.levels()).toEqual([1]);
    await rig.clock.advance(1_000);
    expect(rig.levels()).toEqual([1, 0]);
    await rig.clock.advance(dayMs);
    expect(rig.clock.timersCount).toBe(0);
  });

  test('never stays on because the command that took its place came to nothing, and then a write failed', async () => {
    const rig = await openFailing();
    void rig.document.perform(pulse);
    rig.document.makeWay?.(on); // Announced, and never performed.
    await rig.clock.advance(499);
    rig.fails(1);
    await rig.clock.advance(1_001);
    expect(rig.levels()).toEqual([1, 0]);
  });

  test('that could not end goes off later, however many commands fail meanwhile', async () => {
    const rig = await openFailing();
    void rig.document.perform(pulse);
    await rig.clock.advance(499);
    rig.fails(4);
    await rig.clock.advance(1);
    for (const command of [on, off, { do: 'toggle', once: true } as const]) await rig.document.perform(command);
    await rig.clock.advance(1_000);
    expect(rig.levels()).toEqual([1, 0]);
  });

  test('that could not end does not undo an on that succeeded since', async () => {
    const rig = await openFailing();
    void rig.document.perform(pulse);
    await rig.clock.advance(499);
    rig.fails(1);
    await rig.clock.advance(1);
    expect(await rig.document.perform(on)).toMatchObject({ ok: true });
    await rig.clock.advance(dayMs);
    expect(rig.levels()).toEqual([1]);
  });

  test('never stays on because another member of its group could not take its place', async () => {
    const clock = createFakeClock();
    const interlock = new InterlockGroup(clock, 0);
    const rig = await openFailing({ surroundings: { clock, interlock } });
    void rig.document.perform(pulse);
    rig.fails(1);
    const other = { name: 'other', line: 'O', yieldTo: () => true };
    expect(interlock.request(other, 'switch')).toEqual({ heldBy: 'document' });
    await clock.advance(1_000);
    expect(rig.levels()).toEqual([1, 0]);
    expect(interlock.request(other, 'refuse')).toEqual({ waitMs: 0 });
  });

  test.for(['gave way to nothing', 'could not end'])("is the guard's to end until it is off; it %s", async (how) => {
    const told: boolean[] = [];
    const rig = await openFailing({
      surroundings: { guard: { pulsing: (isUnderWay) => void told.push(isUnderWay), limited() {}, wentOff() {} } },
    });
    void rig.document.perform(pulse);
    if (how === 'gave way to nothing')
      rig.document.makeWay?.(on); // Announced, and never performed.
    else rig.fails(2);
    await rig.clock.advance(how === 'could not end' ? 1_499 : 499);
    expect([rig.wire.level, told.at(-1)]).toEqual([1, true]);
    await rig.clock.advance(1_001);
    expect([rig.wire.level, told.at(-1)]).toEqual([0, false]);
  });

  test('that has to end is never handed on without its end', async () => {
    const rig = await openFailing();
    void rig.document.perform(pulse);
    rig.document.makeWay?.(on);
    expect(rig.document.handOver?.()).toBeUndefined();
    await rig.clock.advance(500);
    expect(rig.levels()).toEqual([1, 0]);
  });

  test.for([false, true])(
    'never outlives its agent where exit holds the level; gave way before: %s',
    async (gaveWay) => {
      const rig = await openFailing({ safe: { exit: 'hold' } });
      void rig.document.perform(pulse);
      if (gaveWay) rig.document.makeWay?.(on);
      await rig.document[Symbol.asyncDispose]();
      expect(rig.levels()).toEqual([1, 0]);
      expect(rig.clock.timersCount).toBe(0);
    },
  );
});

describe('an offline state that is off', () => {
  const away = { safe: { offline: { afterMs: 30_000, to: false, restore: false } } };

  test('is reached with the first write that succeeds, and told then', async () => {
    const rig = await openFailing(away);
    await rig.document.perform(on);
    rig.document.online?.(false);
    rig.fails(2);
    await rig.clock.advance(31_999);
    expect([rig.levels(), rig.safeStates]).toEqual([[1], [undefined]]);
    await rig.clock.advance(1);
    expect([rig.levels(), rig.safeStates]).toEqual([
      [1, 0],
      [undefined, 'went off: offline'],
    ]);
  });

  test('that was reached late is gone back from all the same', async () => {
    const rig = await openFailing({ safe: { offline: { ...away.safe.offline, restore: true } } });
    await rig.document.perform(on);
    rig.document.online?.(false);
    rig.fails(1);
    await rig.clock.advance(32_000);
    rig.document.online?.(true);
    expect(rig.levels()).toEqual([1, 0, 1]);
  });
});

describe('an on whose answer was lost', () => {
  test('never is a pulse without an end', async () => {
    const rig = await openFailing({ isDone: true });
    rig.fails(1);
    expect(await rig.document.perform(pulse)).toMatchObject({ ok: false, error: { kind: 'io' } });
    expect(rig.levels()).toEqual([1, 0]);
  });

  test('never gets around the longest time on', async () => {
    const rig = await openFailing({ isDone: true, config: { maxOnMs: 600_000 } });
    rig.fails(1);
    expect(await rig.document.perform(on)).toMatchObject({ ok: false });
    expect(rig.wire.level).toBe(1);
    await rig.clock.advance(600_000);
    expect([rig.levels(), rig.events]).toEqual([[1, 0], [{ off: 'max-on' }]]);
  });

  test('never gets around the longest time on as a safe state', async () => {
    const offline = { afterMs: 1_000, to: true, restore: false };
    const rig = await openFailing({ isDone: true, config: { maxOnMs: 600_000 }, safe: { offline } });
    rig.document.online?.(false);
    rig.fails(1);
    await rig.clock.advance(1_000);
    rig.document.online?.(true); // Before it was tried again.
    expect(rig.wire.level).toBe(1);
    await rig.clock.advance(600_000);
    expect([rig.levels(), rig.events]).toEqual([[1, 0], [{ off: 'max-on' }]]);
  });

  test('is not taken for off when the offline state is off', async () => {
    const offline = { afterMs: 30_000, to: false, restore: false };
    const rig = await openFailing({ isDone: true, safe: { offline } });
    rig.fails(1);
    await rig.document.perform(on);
    rig.document.online?.(false);
    await rig.clock.advance(30_000);
    expect(rig.levels()).toEqual([1, 0]);
  });
});

test('a closed output is not tried again', async () => {
  const rig = await openFailing();
  void rig.document.perform(pulse);
  await rig.clock.advance(499);
  rig.fails(2);
  await rig.clock.advance(1);
  await rig.document[Symbol.asyncDispose]();
  expect(rig.clock.timersCount).toBe(0);
});
