import { describe, expect, test } from 'vitest';
import { ExpressGate, type Line } from '../../../agent/dispatch/express-gate.ts';
import { expressSettleMs, expressTwinMsMax, expressTwinsMax } from '../../../agent/express-limits.ts';
import type { InboundMessage } from '../../../agent/mqtt/link.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const topic = 'qn/1/pi-1/notify/gpio.stop';

function open() {
  const clock = createFakeClock();
  const gate = new ExpressGate(clock);
  gate.up('main');
  const hear = (line: Line, text: string, more: Partial<InboundMessage> = {}) =>
    gate.hear(line, {
      ...{ topic, payload: Buffer.from(text), qos: 1, retain: false, duplicate: false, properties: {} },
      ...more,
    });
  return { clock, gate, hear };
}

describe('a command for an emergency document', () => {
  test.for([
    ['express', 'main'],
    ['main', 'express'],
  ] as const)('acts when it comes by the %s connection, and its copy on the %s one is left', ([first, second]) => {
    const { gate, hear } = open();
    gate.up('express');
    expect(hear(first, 'ON')).toBe('act');
    expect(hear(second, 'ON')).toBe('leave');
  });

  test('acts by the main connection while the express one is not up', () => {
    const { gate, hear } = open();
    expect(hear('main', 'ON')).toBe('act');
    gate.up('express');
    gate.down();
    expect(hear('main', 'ON')).toBe('act');
  });

  test('acts by the main connection, and not again when the express one was up for the broker already', async () => {
    const { clock, gate, hear } = open();
    expect(hear('main', 'ON')).toBe('act');
    gate.up('express');
    expect(hear('express', 'ON')).toBe('leave');
    gate.down();
    expect(hear('main', 'ON')).toBe('act');
    await clock.advance(expressSettleMs + 1);
    gate.up('express');
    expect(hear('express', 'ON')).toBe('act');
  });

  test('said twice with the same bytes acts twice, in whatever order the four arrive', () => {
    const { gate, hear } = open();
    gate.up('express');
    const all = (lines: readonly Line[]) => lines.map((line) => hear(line, 'toggle'));
    expect(all(['express', 'main', 'main', 'express'])).toEqual(['act', 'leave', 'act', 'leave']);
    expect(all(['express', 'express', 'main', 'main'])).toEqual(['act', 'act', 'leave', 'leave']);
    expect(all(['main', 'main', 'express', 'express'])).toEqual(['act', 'act', 'leave', 'leave']);
  });

  test('on another topic is another one', () => {
    const { gate, hear } = open();
    gate.up('express');
    hear('express', 'ON');
    expect(hear('main', 'ON', { topic: `${topic}2` })).toBe('act');
  });

  test('that is retained is another one than one that is not', () => {
    const { gate, hear } = open();
    gate.up('express');
    hear('main', 'ON');
    expect(hear('express', 'ON', { retain: true })).toBe('act');
  });

  test('that waited behind a flood since before the express connection was up does not act after a later one', async () => {
    const { clock, gate, hear } = open();
    gate.up('express');
    expect(hear('express', 'OFF')).toBe('act');
    await clock.advance(120_000); // However long it lags.
    expect(hear('main', 'ON')).toBe('refuse');
    expect(hear('main', 'OFF')).toBe('leave');
    expect(hear('main', 'ON')).toBe('act'); // This one came behind it: it is later.
  });

  test('acts by the main connection alone when the other one is dead and does not know it', () => {
    const { gate, hear } = open();
    gate.up('express');
    hear('express', 'ON');
    hear('main', 'ON');
    expect(hear('main', 'OFF')).toBe('act');
  });

  test('of a new session of the main connection is not taken for one of before', () => {
    const { gate, hear } = open();
    gate.up('express');
    hear('express', 'ON');
    gate.up('main');
    expect(hear('main', 'ON')).toBe('act');
  });
});

describe('bounds', () => {
  test('twins that are still to come: the oldest is forgotten, and acts no second time while others are', () => {
    const { gate, hear } = open();
    gate.up('express');
    for (let count = 0; count <= expressTwinsMax; count += 1) hear('express', `${count}`);
    expect(hear('main', '0')).toBe('refuse');
    expect(hear('main', '1')).toBe('leave');
  });

  test('a twin that the broker threw away is not waited for for ever', async () => {
    const { clock, gate, hear } = open();
    gate.up('express');
    hear('express', 'ON');
    await clock.advance(expressTwinMsMax + 1);
    expect(hear('main', 'OFF')).toBe('act');
  });
});
