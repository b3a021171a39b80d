import { describe, expect, test } from 'vitest';
import { ExpressGate, type Line } from '../../../agent/dispatch/express-gate.ts';
import { expressHeldCountMax, expressHoldMs, expressTwinsMax, mainLagMsMax } from '../../../agent/express-limits.ts';
import type { InboundMessage } from '../../../agent/mqtt/link.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const topic = 'qn/1/pi-1/notify/gpio.stop';

function open() {
  const clock = createFakeClock();
  const late: string[] = [];
  const gate = new ExpressGate(clock, { overtaken: ({ payload }) => late.push(Buffer.from(payload).toString()) });
  return { clock, gate, late };
}

function message(text: string, more: Partial<InboundMessage> = {}): InboundMessage {
  return { topic, payload: Buffer.from(text), qos: 1, retain: false, duplicate: false, properties: {}, ...more };
}

describe('a command for an emergency document', () => {
  test('acts when it comes by the express connection, and its copy is left', () => {
    const { gate } = open();
    gate.up('express');
    expect(gate.hear('express', message('ON'))).toBe('act');
    expect(gate.hear('main', message('ON'))).toBe('leave');
  });

  test('acts when it comes by the main connection first, and its copy is left', () => {
    const { gate } = open();
    gate.up('express');
    expect(gate.hear('main', message('ON'))).toBe('act');
    expect(gate.hear('express', message('ON'))).toBe('leave');
  });

  test('that may be an old one waits for its twin, which acts', async () => {
    const { clock, gate, late } = open();
    gate.up('express');
    gate.hear('express', message('OFF'));
    let keptCount = 0;
    expect(gate.hear('main', message('ON', { kept: () => (keptCount += 1) }))).toBe('hold');
    expect(gate.hear('express', message('ON'))).toBe('act');
    expect(keptCount).toBe(1);
    await clock.advance(expressHoldMs * 2);
    expect(late).toEqual([]);
    expect(gate.heldCount).toBe(0);
  });

  test('acts at once by the main connection while the express one is not up', () => {
    const { gate } = open();
    expect(gate.hear('main', message('ON'))).toBe('act');
    gate.up('express');
    gate.down('express');
    expect(gate.hear('main', message('ON'))).toBe('act');
  });

  test('acts by the main connection, and not again when the express one was up for the broker already', async () => {
    const { clock, gate } = open();
    expect(gate.hear('main', message('ON'))).toBe('act');
    gate.up('express');
    expect(gate.hear('express', message('ON'))).toBe('leave');
    expect(gate.hear('main', message('OFF'))).toBe('hold');
    gate.down('express');
    expect(gate.hear('main', message('ON'))).toBe('act');
    await clock.advance(expressHoldMs + 1);
    gate.up('express');
    expect(gate.hear('express', message('ON'))).toBe('act');
  });

  test('said twice with the same bytes acts twice, in whatever order the four arrive', async () => {
    const { clock, gate } = open();
    gate.up('express');
    await clock.advance(mainLagMsMax + 1);
    const hear = (lines: readonly Line[]) => lines.map((line) => gate.hear(line, message('toggle')));
    expect(hear(['express', 'main', 'main', 'express'])).toEqual(['act', 'leave', 'act', 'leave']);
    expect(hear(['express', 'express', 'main', 'main'])).toEqual(['act', 'act', 'leave', 'leave']);
    expect(hear(['main', 'main', 'express', 'express'])).toEqual(['act', 'act', 'leave', 'leave']);
  });

  test('with another payload, topic or retain flag is another one', async () => {
    const { clock, gate } = open();
    gate.up('express');
    await clock.advance(mainLagMsMax + 1);
    gate.hear('express', message('ON'));
    for (const other of [message('OFF'), message('ON', { topic: `${topic}2` }), message('ON', { retain: true })]) {
      expect(gate.hear('main', other)).toBe('act');
    }
  });

  test('acts by the main connection alone when the other one is dead and does not know it', async () => {
    const { clock, gate } = open();
    gate.up('express');
    await clock.advance(mainLagMsMax + 1);
    gate.hear('express', message('ON'));
    expect(gate.hear('main', message('OFF'))).toBe('act');
  });

  test('that was sent before the express connection was up does not act behind a later one', async () => {
    const { clock, gate, late } = open();
    gate.up('express');
    expect(gate.hear('express', message('OFF'))).toBe('act');
    expect(gate.hear('main', message('ON'))).toBe('hold'); // It waited behind a flood.
    await clock.advance(expressHoldMs - 1);
    expect(late).toEqual([]);
    await clock.advance(1);
    expect(late).toEqual(['ON']);
  });

  test('that was sent before it was up acts at once when nothing later came', () => {
    const { gate } = open();
    gate.up('express');
    expect(gate.hear('main', message('ON'))).toBe('act');
    expect(gate.hear('express', message('OFF'))).toBe('act');
  });

  test('that is held is refused when the express connection ends', () => {
    const { gate, late } = open();
    gate.up('express');
    gate.hear('express', message('OFF'));
    gate.hear('main', message('ON'));
    gate.down('express');
    expect(late).toEqual(['ON']);
    expect(gate.heldCount).toBe(0);
  });

  test('is held as a copy: the link may use its bytes again', () => {
    const { gate, late } = open();
    gate.up('express');
    gate.hear('express', message('OFF'));
    const bytes = Buffer.from('ON');
    gate.hear('main', message('', { payload: bytes }));
    bytes.fill(0);
    gate.down('express');
    expect(late).toEqual(['ON']);
  });
});

describe('bounds', () => {
  test('commands that are held: the oldest is refused', () => {
    const { gate, late } = open();
    gate.up('express');
    gate.hear('express', message('OFF'));
    for (let count = 0; count <= expressHeldCountMax; count += 1) gate.hear('main', message(`${count}`));
    expect(late).toEqual(['0']);
    expect(gate.heldCount).toBe(expressHeldCountMax);
  });

  test('twins that are still to come: the oldest is forgotten', async () => {
    const { clock, gate } = open();
    gate.up('express');
    await clock.advance(mainLagMsMax + 1);
    for (let count = 0; count <= expressTwinsMax; count += 1) gate.hear('express', message(`${count}`));
    expect(gate.hear('main', message('0'))).toBe('act');
    expect(gate.hear('main', message('1'))).toBe('leave');
  });

  test('a copy that is later than it can be is not taken for one', async () => {
    const { clock, gate } = open();
    gate.up('express');
    gate.hear('express', message('ON'));
    await clock.advance(mainLagMsMax + 1);
    expect(gate.hear('main', message('ON'))).toBe('act');
  });

  test('with a new session of the main connection no copies of before are to come', async () => {
    const { clock, gate } = open();
    gate.up('express');
    await clock.advance(mainLagMsMax + 1);
    gate.hear('express', message('ON'));
    gate.up('main');
    expect(gate.hear('main', message('ON'))).toBe('act');
  });
});
