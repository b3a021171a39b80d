import { describe, expect, it } from 'vitest';
import type { GpioOutConfig } from '../../../agent/config/config.ts';
import type { McuConfig } from '../../../agent/config/mcu-config.ts';
import { type Arrival, isExpired, plan } from '../../../agent/dispatch/plan.ts';
import { createRow, type Row } from '../../../agent/documents/row.ts';
import type { CompactPart, Notify } from '../../../agent/qn/message.ts';

const relay: GpioOutConfig = {
  driver: 'gpio-out',
  line: 'GPIO17',
  active: 'high',
  safe: { boot: false, exit: false, crash: false, configError: false },
  minDwellMs: 0,
  priority: 'normal',
  retained: 'refuse',
  number: 7,
};
const row = createRow('gpio.relay1', relay);
const arrival: Arrival = { isRetained: false, nowMs: 10_000, clock: 'synced', waitedMs: 0 };
const on: Notify = { t: 'notify', id: 3n, val: 'ON' };
const compact = (channel: number): CompactPart => ({ channel, ackWanted: true, valueType: 'bool' });

function reasonOf(message: Notify, how: Partial<Arrival> = {}): string | undefined {
  const planned = plan(row, message, { ...arrival, ...how });
  return planned.ok ? undefined : planned.error.reason;
}

describe('the plan', () => {
  it('turns a value into an effect and touches nothing', () => {
    expect(plan(row, on, arrival)).toEqual({ ok: true, value: { do: 'set', on: true } });
  });

  it('carries the id of what it refuses', () => {
    const planned = plan(row, { ...on, val: 'perhaps' }, arrival);
    expect(planned).toMatchObject({ ok: false, error: { reason: 'out-of-range', id: 3n } });
  });

  it('refuses what was retained, unless the document accepts it', () => {
    expect(reasonOf(on, { isRetained: true })).toBe('retained');
    const accepting = createRow('gpio.relay1', { ...relay, retained: 'accept' });
    expect(plan(accepting, on, { ...arrival, isRetained: true }).ok).toBe(true);
  });

  it('says of a channel of a microcontroller where its setting is', () => {
    const config = { driver: 'mcu-channel', priority: 'normal', retained: 'refuse' } as const;
    const channel: Row = { ...row, name: 'firmware.mcu0.out1', config };
    const planned = plan(channel, on, { ...arrival, isRetained: true });
    const detail = expect.stringContaining('set documents.firmware.mcu0.channels.out1.retained to accept');
    expect(planned).toMatchObject({ ok: false, error: { reason: 'retained', detail } });
  });

  it.each([
    ['an order to write its program', { write: 'a'.repeat(64), size: 1 }, undefined],
    ['a piece of one', { piece: 'a'.repeat(64), size: 1, offset: 0, data: Uint8Array.of(1) }, 'retained'],
    ['a reset', { reset: true }, 'retained'],
  ])('takes of what is retained for a microcontroller the first only: %s', (_, val, reason) => {
    const mcu = createRow('firmware.mcu0', { driver: 'mcu', priority: 'normal', retained: 'accept' } as McuConfig);
    const planned = plan(mcu, { t: 'notify', val }, { ...arrival, isRetained: true });
    expect(planned.ok ? undefined : planned.error.reason).toBe(reason);
    expect(plan(mcu, { t: 'notify', val }, arrival).ok).toBe(true);
  });

  it.each([
    [0, undefined],
    [7, undefined],
    [8, 'unknown-document'],
  ])('of a compact command for channel %i on the topic of channel 7: %s', (channel, reason) => {
    expect(reasonOf({ ...on, compact: compact(channel) })).toBe(reason);
  });

  it('refuses any channel but 0 for a document without a number', () => {
    const { number: _number, ...unnumbered } = relay;
    const planned = plan(createRow('gpio.relay1', unnumbered), { ...on, compact: compact(7) }, arrival);
    expect(planned).toMatchObject({ ok: false, error: { reason: 'unknown-document' } });
  });
});

describe('the time to live', () => {
  it.each<[string, Partial<Notify>, Partial<Arrival>, boolean]>([
    ['none lives for ever', { ts: 0 }, {}, false],
    ['exactly reached is in time', { ts: 9_900, ttl: 100 }, {}, false],
    ['passed by one ms is over', { ts: 9_899, ttl: 100 }, {}, true],
    ['a stamp from the future is in time', { ts: 99_999, ttl: 0 }, {}, false],
    ['a stamp from the future: the wait still counts', { ts: 99_999, ttl: 100 }, { waitedMs: 101 }, true],
    ['without a stamp counts from the arrival', { ttl: 100 }, { waitedMs: 101 }, true],
    ['without a stamp, just arrived', { ttl: 100 }, { waitedMs: 100 }, false],
    ['a sender without time: its stamp says nothing', { ts: 0, clk: 'boot', ttl: 100 }, {}, false],
    ['a board without time: it cannot compare', { ts: 0, ttl: 100 }, { clock: 'boot' }, false],
    ['a board without time: the wait still counts', { ts: 0, ttl: 100 }, { clock: 'boot', waitedMs: 101 }, true],
  ])('%s', (_name, message, how, expected) => {
    expect(isExpired({ ...on, ...message }, { ...arrival, ...how })).toBe(expected);
  });

  it('is checked before the value', () => {
    expect(reasonOf({ ...on, val: 'perhaps', ts: 0, ttl: 1 })).toBe('expired');
  });
});
