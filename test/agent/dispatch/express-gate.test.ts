import { describe, expect, test } from 'vitest';
import { ExpressGate, type Line } from '../../../agent/dispatch/express-gate.ts';
import {
  expressDoubtMs,
  expressDoubtsMax,
  expressSettleMs,
  expressTwinMsMax,
  expressTwinsMax,
  mainLagMsMax,
} from '../../../agent/express-limits.ts';
import type { InboundMessage } from '../../../agent/mqtt/link.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const topic = 'qn/1/pi-1/notify/gpio.stop';

function open() {
  const clock = createFakeClock();
  const gate = new ExpressGate(clock);
  gate.up('main');
  const refused: string[] = [];
  const hear = (line: Line, text: string, more: Partial<InboundMessage> = {}) => {
    const plain = {
      topic,
      payload: Buffer.from(text),
      qos: 1,
      retain: false,
      duplicate: false,
      properties: {},
    } as const;
    const message: InboundMessage = { ...plain, ...more };
    const judgement = gate.hear(line, message);
    if (judgement === 'doubt') gate.doubt(message, () => void refused.push(text));
    return judgement;
  };
  return { clock, gate, hear, refused };
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
    const { clock, gate, hear, refused } = open();
    gate.up('express');
    expect(hear('express', 'OFF')).toBe('act');
    await clock.advance(120_000); // However long it lags.
    expect(hear('main', 'ON')).toBe('doubt');
    expect(hear('main', 'OFF')).toBe('leave');
    await clock.advance(expressDoubtMs);
    expect(refused).toEqual(['ON']);
    expect(hear('main', 'ON')).toBe('act'); // This one came behind it: it is later.
  });

  test('acts by the main connection alone when the other one is dead and does not know it', () => {
    const { gate, hear } = open();
    gate.up('express');
    hear('express', 'ON');
    hear('main', 'ON');
    expect(hear('main', 'OFF')).toBe('act');
  });

  test('that comes by the main connection first acts once, although the broker threw away a twin before', async () => {
    const { clock, gate, hear, refused } = open();
    gate.up('express');
    expect(hear('express', 'X')).toBe('act'); // Its copy for main is lost.
    expect([hear('main', 'Y1'), hear('express', 'Y1')]).toEqual(['doubt', 'act']);
    for (const text of ['Y2', 'Y3', 'Y4']) {
      await clock.advance(540_000);
      expect([hear('main', text), hear('express', text)]).toEqual(['act', 'leave']);
    }
    expect(refused).toEqual([]);
    gate.down();
    expect([hear('main', 'STOP'), hear('main', 'STOP')]).toEqual(['act', 'act']);
  });

  test('does not act before another one of its topic that is still in doubt', () => {
    const { gate, hear } = open();
    gate.up('express');
    hear('express', 'X');
    expect([hear('main', 'Y'), hear('main', 'Z')]).toEqual(['doubt', 'doubt']);
    expect(hear('express', 'Y')).toBe('act');
    expect(hear('main', 'STOP')).toBe('doubt');
    expect([hear('express', 'Z'), hear('express', 'STOP')]).toEqual(['act', 'act']);
    expect(hear('main', 'again')).toBe('act');
  });

  test('is not taken for one that the broker threw away before others came by the main connection', () => {
    const { gate, hear } = open();
    gate.up('express');
    for (const line of ['express', 'main'] as const) hear(line, 'first');
    hear('express', 'OFF'); // Its copy for main is lost.
    for (const line of ['express', 'main'] as const) hear(line, 'ON');
    expect(hear('main', 'OFF')).toBe('act');
    hear('express', 'ON'); // Its copy for main is lost, and from now on the express connection is dead.
    expect([hear('main', 'OFF'), hear('main', 'ON')]).toEqual(['act', 'act']);
  });

  test('of another QoS may have been overtaken by one that both connections brought', () => {
    const { gate, hear } = open();
    gate.up('express');
    for (const line of ['express', 'main'] as const) hear(line, 'first', { qos: 0 });
    hear('express', 'OFF', { qos: 0 });
    expect(hear('main', 'ON')).toBe('doubt');
    hear('express', 'OFF');
    expect(hear('main', 'OFF', { qos: 0 })).toBe('leave'); // It overtook the one of QoS 1.
    expect(hear('main', 'OFF')).toBe('leave');
  });

  test('that is retained comes at the beginning of each connection, and tells nothing of how main lags', () => {
    const { gate, hear } = open();
    hear('main', 'ON', { retain: true });
    gate.up('express');
    expect(hear('express', 'ON', { retain: true })).toBe('leave');
    hear('express', 'OFF');
    expect(hear('main', 'ON')).toBe('doubt');
  });

  test('is left by a main connection that lags, though the express one is down, and not for ever', async () => {
    const { clock, gate, hear } = open();
    gate.up('express');
    hear('express', 'toggle');
    hear('express', 'ON');
    gate.down();
    await clock.advance(mainLagMsMax - 1);
    expect(hear('main', 'toggle')).toBe('leave');
    await clock.advance(2);
    expect(hear('main', 'ON')).toBe('act');
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
    expect(hear('main', '0')).toBe('doubt');
    expect(hear('main', '1')).toBe('leave');
  });

  test('a forgotten twin does not act after later ones, though both connections had brought the same before', () => {
    const { gate, hear } = open();
    gate.up('express');
    for (const line of ['express', 'main'] as const) hear(line, 'first');
    for (let count = 0; count <= expressTwinsMax; count += 1) hear('express', `${count}`);
    expect(hear('main', '0')).toBe('doubt');
  });

  test('doubts: the oldest is refused at once', async () => {
    const { clock, gate, hear, refused } = open();
    gate.up('express');
    hear('express', 'OFF');
    for (let count = 0; count < expressDoubtsMax; count += 1) hear('main', `${count}`);
    expect(refused).toEqual([]);
    hear('main', 'one more');
    expect(refused).toEqual(['0']);
    await clock.advance(expressDoubtMs);
    expect(refused).toHaveLength(expressDoubtsMax + 1);
    expect(clock.timersCount).toBe(0);
  });

  test('a twin that the broker threw away is not waited for for ever', async () => {
    const { clock, gate, hear } = open();
    gate.up('express');
    hear('express', 'ON');
    await clock.advance(expressTwinMsMax + 1);
    expect(hear('main', 'OFF')).toBe('act');
  });
});
