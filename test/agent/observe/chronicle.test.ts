import { describe, expect, it } from 'vitest';
import { keptEventsCount, keptEventsMs } from '../../../agent/health/limits.ts';
import { eventRingCount, eventTextBytesMax, lsnReserveCount } from '../../../agent/limits.ts';
import { createChronicle } from '../../../agent/observe/chronicle.ts';
import { KeptEvents } from '../../../agent/observe/kept-events.ts';
import { LogSequence } from '../../../agent/observe/log-sequence.ts';
import { storeLimits } from '../../../agent/store/limits.ts';
import type { Values } from '../../../agent/store/store.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

/** Values that outlive a process: what was set is there at once, as after the commit. */
function createValues(): Values & { readonly sets: readonly string[] } {
  const kept = new Map<string, string>();
  const sets: string[] = [];
  return {
    sets,
    get: (key) => kept.get(key),
    async set(key, text) {
      sets.push(text);
      kept.set(key, text);
      return ok();
    },
    setSoon: (key, text) => void kept.set(key, text),
  };
}

describe('log sequence numbers', () => {
  it('count from 1 and carry both clocks', async () => {
    const clock = createFakeClock();
    const sequence = new LogSequence(clock);
    await clock.advance(250);
    expect(sequence.next()).toEqual({ lsn: 1, monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() });
    expect([sequence.next().lsn, sequence.last]).toEqual([2, 2]);
  });

  it('go on over a power cut, and are written once in half a million', () => {
    const values = createValues();
    const first = new LogSequence(createFakeClock(), values);
    for (let count = 0; count < lsnReserveCount; count += 1) first.next();
    expect(values.sets.length).toBeLessThanOrEqual(4);
    const second = new LogSequence(createFakeClock(), values);
    expect(second.next().lsn).toBeGreaterThan(first.last);
  });

  it('begin anew where what was kept is no number', () => {
    const values = createValues();
    values.setSoon('lsn.reserved', 'nonsense');
    expect(new LogSequence(createFakeClock(), values).next().lsn).toBe(1);
  });
});

describe('the chronicle', () => {
  const open = () => createChronicle(new LogSequence(createFakeClock()));

  it('forgets the oldest at its bound, and goes on counting', () => {
    const { ring, note } = open();
    for (let count = 0; count < eventRingCount + 3; count += 1) note('change', 'gpio.a', count);
    const kept = ring.read();
    expect([kept.length, kept[0]?.stamp.lsn, kept.at(-1)?.value]).toEqual([eventRingCount, 4, eventRingCount + 2]);
    expect([ring.total('change'), ring.total('event')]).toEqual([eventRingCount + 3, 0]);
  });

  it.each([
    ['a long text', 'x'.repeat(70_000)],
    ['many bytes', new Uint8Array(70_000)],
    ['a large object', { a: 'x'.repeat(70_000) }],
  ])('keeps %s in brief', (_what, value) => {
    const { ring, note } = open();
    note('event', 'serial.a', value);
    const [kept] = ring.read();
    expect(JSON.stringify(kept?.value).length).toBeLessThan(2 * eventTextBytesMax);
  });

  it('gives events their number, and knows the end of a command with its trace', () => {
    const { ring, hear } = open();
    const to = { verb: 'event', document: 'gpio.a' } as const;
    const how = { retain: false, policy: 'keep' } as const;
    const tr = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(hear({ ...how, to, message: { t: 'event', val: true } }).message.lsn).toBe(1);
    hear({ ...how, to, message: { t: 'ack', st: 'executing' } });
    hear({ ...how, to, message: { t: 'ack', st: 'failed', why: 'driver-closed', tr } });
    hear({ ...how, to: { topic: 'reply' }, message: { t: 'ack', st: 'failed', why: 'driver-closed', tr } });
    expect(ring.read()).toMatchObject([
      { kind: 'event', value: true },
      { kind: 'command', value: { status: 'failed', why: 'driver-closed' }, trace: tr },
    ]);
  });
});

describe('what the store keeps of it', () => {
  const life = (values: Values, boot: bigint) =>
    createChronicle(new LogSequence(createFakeClock(), values), new KeptEvents(createFakeClock(), values, boot));

  it('is there after a restart, with number, both stamps and the life it was in, and is not counted again', () => {
    const values = createValues();
    const first = life(values, 7n);
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    first.note('change', 'gpio.a', true, trace);
    const [told] = first.ring.read();
    first.flush();
    const second = life(values, 8n);
    expect(second.ring.read()).toEqual([{ ...told, boot: '7' }]);
    expect(told?.stamp).toMatchObject({ monotonicMs: 0, wallMs: Date.UTC(2026, 0, 1) });
    expect(second.ring.total('change')).toBe(0);
    expect(second.note('event', 'gpio.a', 1)).toBeGreaterThan(told?.stamp.lsn ?? Infinity);
    expect(second.ring.read().map(({ boot }) => boot)).toEqual(['7', undefined]);
  });

  it('is the latest of it, the oldest first', () => {
    const values = createValues();
    const { note, flush } = life(values, 7n);
    for (let count = 0; count < keptEventsCount + 5; count += 1) note('change', 'gpio.a', count);
    flush();
    const kept = life(values, 8n).ring.read();
    expect(kept.map(({ value }) => value)).toEqual(Array.from({ length: keptEventsCount }, (_, index) => index + 5));
  });

  it('is handed over together after a second, however much happens', async () => {
    const [clock, values] = [createFakeClock(), createValues()];
    const { note } = createChronicle(new LogSequence(clock, values), new KeptEvents(clock, values, 7n));
    for (let count = 0; count < 1_000; count += 1) note('change', 'gpio.a', count);
    await clock.advance(keptEventsMs - 1);
    expect(life(values, 8n).ring.read()).toEqual([]);
    await clock.advance(1);
    expect(life(values, 8n).ring.read()).toHaveLength(keptEventsCount);
    expect(clock.timersCount).toBe(0);
  });

  it('fits into a value of the store, whatever happened, and what is no event is left out', () => {
    const values = createValues();
    const { note, flush } = life(values, 7n);
    note('event', 'a'.repeat(128), '\u0001'.repeat(70_000), 'x'.repeat(55));
    flush();
    for (let index = 0; index < keptEventsCount; index += 1) {
      const text = values.get(`lsn.event.${index}`) ?? '';
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(storeLimits.valueBytesMax);
    }
    expect(life(values, 8n).ring.read()).toMatchObject([{ kind: 'event', value: '…' }]);
    for (const [index, text] of ['nonsense', '[]', '{"lsn":1}', 'null'].entries())
      values.setSoon(`lsn.event.${index}`, text);
    expect(life(values, 9n).ring.read()).toEqual([]);
  });
});
