import { expect, test } from 'vitest';
import { DispatchCounters } from '../../../agent/dispatch/counters.ts';
import { ExpressAcks } from '../../../agent/dispatch/express-acks.ts';
import { ExpressGate } from '../../../agent/dispatch/express-gate.ts';
import type { Job } from '../../../agent/dispatch/job.ts';
import { DispatchLoop } from '../../../agent/dispatch/run.ts';
import { createTable } from '../../../agent/dispatch/table.ts';
import { poolProfiles } from '../../../agent/limits.ts';
import type { InboundMessage } from '../../../agent/mqtt/link.ts';
import { createPool } from '../../../agent/pool/pool.ts';
import type { Refusal } from '../../../agent/qn/reason.ts';
import { encodeMessage } from '../../../agent/qn/registry.ts';
import { createIdSource } from '../../../agent/qn/snowflake.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { gateTopic, openGate } from '../../support/gate-rig.ts';
import { configOf } from '../../support/memory-agent.ts';

/** Commands of one sender, one after the other. */
function openSender(name: string) {
  const ids = createIdSource({ clock: createFakeClock(), nodeName: name });
  return (val: boolean, isNamed = true): string => {
    const encoded = encodeMessage({ t: 'notify', id: ids.next(), val, ...(isNamed && { src: name }) }, 'json');
    if (!encoded.ok) throw new Error(encoded.error.detail);
    return Buffer.from(encoded.value.bytes).toString();
  };
}

test('a command that main has lost, brought by the other connection behind a later one, does not act', () => {
  const { gate, hear } = openGate();
  gate.up('express');
  const say = openSender('panel');
  const [older, later, last] = [say(true), say(false), say(true)];
  expect(hear('main', later)).toBe('act');
  expect(hear('express', older)).toBe('overtaken');
  expect([hear('express', later), hear('express', last), hear('main', last)]).toEqual(['leave', 'act', 'leave']);
});

test('it acts where the later one is for another document', () => {
  const { gate, hear } = openGate();
  gate.up('express');
  const say = openSender('panel');
  const [older, later] = [say(false), say(false)];
  expect(hear('main', later, { topic: 'qn/1/pi-1/notify/gpio.other' })).toBe('act');
  expect(hear('express', older)).toBe('act');
});

test('it acts where the later one was lost by the emergency connection: it is younger then', () => {
  const { gate, hear } = openGate();
  gate.up('express');
  const say = openSender('panel');
  const [lost, next] = [say(true), say(false)];
  expect(hear('main', lost)).toBe('act');
  expect(hear('express', next)).toBe('act');
});

test.each<[string, (older: ReturnType<typeof openSender>) => readonly [string, string]]>([
  ['of another sender', (say) => [say(true), openSender('desk')(false)]],
  ['without an id', () => ['ON', 'OFF']],
  ['without an id in one of them', (say) => [say(true), 'OFF']],
  ['whose ids name no sender', (say) => [say(true, false), say(false, false)]],
])('nobody can tell which is older: one %s acts', (_, make) => {
  const { gate, hear } = openGate();
  gate.up('express');
  const [older, later] = make(openSender('panel'));
  expect(hear('main', later)).toBe('act');
  expect(hear('express', older)).toBe('act');
});

/** A loop with a gate, both connections up. */
function openUrgentLoop() {
  const documents = ['gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }'];
  const [clock, pool, counters] = [createFakeClock(), createPool(poolProfiles.standard), new DispatchCounters()];
  pool.seal();
  const [handled, refused]: [string[], Refusal[]] = [[], []];
  const acks = new ExpressAcks({ tell: (_, { status }) => void handled.push(status) });
  const handle = ({ slot }: Job) => {
    acks.tell({ document: 'gpio.stop', id: 1n }, { status: 'accepted' });
    handled.push(Buffer.from(slot.bytes()).toString());
    pool.release(slot);
    return undefined;
  };
  const table = createTable(configOf({ documents }, '/tmp'));
  const refuse = (_route: unknown, _caller: unknown, refusal: Refusal) => void refused.push(refusal);
  const loop = new DispatchLoop({ clock, pool, counters, table, handle, refuse }, 16);
  const gate = new ExpressGate(clock);
  gate.up('main');
  gate.up('express');
  loop.useGate(gate, acks);
  const message = (text: string): InboundMessage => ({
    ...{ topic: gateTopic, payload: Buffer.from(text), qos: 1, retain: false, duplicate: false, properties: {} },
  });
  const close = () => {
    loop.close();
    pool.close();
  };
  return { loop, message, handled, refused, [Symbol.dispose]: close };
}

test('its sender is told, and nothing is handled', () => {
  using urgent = openUrgentLoop();
  const { loop, message, handled, refused } = urgent;
  const say = openSender('panel');
  const [older, later] = [say(true), say(false)];
  loop.receive(message(later));
  loop.receive(message(older), 'express');
  expect(refused).toEqual([
    { reason: 'expired', id: expect.any(BigInt), detail: expect.stringContaining('a later command') },
  ]);
  expect(handled).not.toContain(older);
});

test.each(['main', 'express'] as const)(
  'what %s brings first is done before anything else is read, and then told',
  (line) => {
    using urgent = openUrgentLoop();
    const { loop, message, handled } = urgent;
    loop.receive(message('ON'), line);
    expect(handled).toEqual(['ON', 'accepted']);
    loop.receive(message('ON'), line === 'main' ? 'express' : 'main');
    expect(handled).toEqual(['ON', 'accepted']);
  },
);
