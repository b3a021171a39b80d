import { describe, expect, test } from 'vitest';
import type { Line } from '../../../agent/dispatch/express-gate.ts';
import { expressDoubtMs, expressSettleMs, mainLagMsMax } from '../../../agent/express-limits.ts';
import { gateTopic, openGate } from '../../support/gate-rig.ts';

describe('a command for an emergency document', () => {
  test.for([
    ['express', 'main'],
    ['main', 'express'],
  ] as const)('acts when it comes by the %s connection, and its copy on the %s one is left', ([first, second]) => {
    const { gate, hear } = openGate();
    gate.up('express');
    expect(hear(first, 'ON')).toBe('act');
    expect(hear(second, 'ON')).toBe('leave');
  });

  test('acts by the main connection while the express one is not up', () => {
    const { gate, hear } = openGate();
    expect(hear('main', 'ON')).toBe('act');
    gate.up('express');
    gate.down('express');
    expect(hear('main', 'ON')).toBe('act');
  });

  test('acts by the main connection, and not again when the express one was up for the broker already', async () => {
    const { clock, gate, hear } = openGate();
    expect(hear('main', 'ON')).toBe('act');
    gate.up('express');
    expect(hear('express', 'ON')).toBe('leave');
    gate.down('express');
    expect(hear('main', 'ON')).toBe('act');
    await clock.advance(expressSettleMs + 1);
    gate.up('express');
    expect(hear('express', 'ON')).toBe('act');
  });

  test('said twice with the same bytes acts twice, in whatever order the four arrive', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    const all = (lines: readonly Line[]) => lines.map((line) => hear(line, 'toggle'));
    expect(all(['express', 'main', 'main', 'express'])).toEqual(['act', 'leave', 'act', 'leave']);
    expect(all(['express', 'express', 'main', 'main'])).toEqual(['act', 'act', 'leave', 'leave']);
    expect(all(['main', 'main', 'express', 'express'])).toEqual(['act', 'act', 'leave', 'leave']);
  });

  test('on another topic is another one', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    hear('express', 'ON');
    expect(hear('main', 'ON', { topic: `${gateTopic}2` })).toBe('act');
  });

  test('that is retained is another one than one that is not', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    hear('main', 'ON');
    expect(hear('express', 'ON', { retain: true })).toBe('act');
  });

  test('that waited behind a flood since before the express connection was up does not act after a later one', async () => {
    const { clock, gate, hear, refused } = openGate();
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
    const { gate, hear } = openGate();
    gate.up('express');
    hear('express', 'ON');
    hear('main', 'ON');
    expect(hear('main', 'OFF')).toBe('act');
  });

  test('that comes by the main connection first acts once, although the broker threw away a twin before', async () => {
    const { clock, gate, hear, refused } = openGate();
    gate.up('express');
    expect(hear('express', 'X')).toBe('act'); // Its copy for main is lost.
    expect([hear('main', 'Y1'), hear('express', 'Y1')]).toEqual(['doubt', 'act']);
    for (const text of ['Y2', 'Y3', 'Y4']) {
      await clock.advance(540_000);
      expect([hear('main', text), hear('express', text)]).toEqual(['act', 'leave']);
    }
    expect(refused).toEqual([]);
    gate.down('express');
    expect([hear('main', 'STOP'), hear('main', 'STOP')]).toEqual(['act', 'act']);
  });

  test('does not act before another one of its topic that is still in doubt', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    hear('express', 'X');
    expect([hear('main', 'Y'), hear('main', 'Z')]).toEqual(['doubt', 'doubt']);
    expect(hear('express', 'Y')).toBe('act');
    expect(hear('main', 'STOP')).toBe('doubt');
    expect([hear('express', 'Z'), hear('express', 'STOP')]).toEqual(['act', 'act']);
    expect(hear('main', 'again')).toBe('act');
  });

  test('is not taken for one that the broker threw away before others came by the main connection', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    for (const line of ['express', 'main'] as const) hear(line, 'first');
    hear('express', 'OFF'); // Its copy for main is lost.
    for (const line of ['express', 'main'] as const) hear(line, 'ON');
    expect(hear('main', 'OFF')).toBe('act');
    hear('express', 'ON'); // Its copy for main is lost, and from now on the express connection is dead.
    expect([hear('main', 'OFF'), hear('main', 'ON')]).toEqual(['act', 'act']);
  });

  test('of another QoS may have been overtaken by one that both connections brought', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    for (const line of ['express', 'main'] as const) hear(line, 'first', { qos: 0 });
    hear('express', 'OFF', { qos: 0 });
    expect(hear('main', 'ON')).toBe('doubt');
    hear('express', 'OFF');
    expect(hear('main', 'OFF', { qos: 0 })).toBe('leave'); // It overtook the one of QoS 1.
    expect(hear('main', 'OFF')).toBe('leave');
  });

  test('that is retained comes at the beginning of each connection, and tells nothing of how main lags', () => {
    const { gate, hear } = openGate();
    hear('main', 'ON', { retain: true });
    gate.up('express');
    expect(hear('express', 'ON', { retain: true })).toBe('leave');
    hear('express', 'OFF');
    expect(hear('main', 'ON')).toBe('doubt');
  });

  test('is left by a main connection that lags, though the express one is down, and not for ever', async () => {
    const { clock, gate, hear } = openGate();
    gate.up('express');
    hear('express', 'toggle');
    hear('express', 'ON');
    gate.down('express');
    await clock.advance(mainLagMsMax - 1);
    expect(hear('main', 'toggle')).toBe('leave');
    await clock.advance(2);
    expect(hear('main', 'ON')).toBe('act');
  });

  test('of a new session of the main connection is not taken for one of before', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    hear('express', 'ON');
    gate.down('main');
    gate.up('main');
    expect(hear('main', 'ON')).toBe('act');
  });

  test('acts once when the main connection is up for the broker before this side knows it', async () => {
    const { clock, gate, hear } = openGate();
    gate.up('express');
    gate.down('main');
    expect(hear('express', 'toggle')).toBe('act');
    gate.up('main');
    await clock.advance(mainLagMsMax - 1);
    expect(hear('main', 'toggle')).toBe('leave');
  });

  test('that the new session of the main connection did not get is not waited for for long', async () => {
    const { clock, gate, hear } = openGate();
    gate.up('express');
    gate.down('main');
    hear('express', 'toggle');
    gate.up('main');
    await clock.advance(mainLagMsMax + 1);
    expect(hear('main', 'toggle')).toBe('act');
  });

  test('acts by a main connection that came up after the express one, whatever that brought before', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    gate.down('main');
    hear('express', 'ON');
    gate.up('main');
    expect(hear('main', 'OFF')).toBe('act');
  });
});
