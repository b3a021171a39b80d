import { describe, expect, test } from 'vitest';
import { expressDoubtMs, expressSettleMs } from '../../../agent/express-limits.ts';
import { openGate } from '../../support/gate-rig.ts';

/** Both are up, and both have brought the same command. */
function openMet() {
  const rig = openGate();
  rig.gate.up('express');
  for (const line of ['express', 'main'] as const) rig.hear(line, 'first');
  return rig;
}

describe('a command that comes by the express connection before one that the main one has brought already', () => {
  test('is older where that comes behind it, and does not act any more', async () => {
    const { clock, hear, refused } = openMet();
    expect(hear('main', 'OFF')).toBe('act'); // An ON before it was thrown away by the broker, for main.
    expect(hear('express', 'ON')).toBe('doubt');
    expect(hear('express', 'OFF')).toBe('leave');
    expect(refused).toEqual(['ON']);
    expect(hear('main', 'ON')).toBe('leave'); // Sent by somebody else at the same moment.
    await clock.advance(expressDoubtMs);
    expect(refused).toEqual(['ON']);
    expect([hear('express', 'ON'), hear('main', 'ON')]).toEqual(['act', 'leave']);
  });

  test('is refused where nothing else comes', async () => {
    const { clock, hear, refused } = openMet();
    hear('main', 'OFF');
    expect(hear('express', 'ON')).toBe('doubt');
    await clock.advance(expressDoubtMs);
    expect(refused).toEqual(['ON']);
  });

  test('is newer where the main one brings it too, and those behind it act at once again', async () => {
    const { clock, hear, refused } = openMet();
    hear('main', 'ON'); // Its copy for the express connection is lost.
    expect([hear('express', 'OFF'), hear('main', 'OFF')]).toEqual(['doubt', 'act']);
    await clock.advance(expressSettleMs + 1);
    expect([hear('express', 'toggle'), hear('main', 'toggle')]).toEqual(['act', 'leave']);
    expect(refused).toEqual([]);
  });

  test('acts at once where the main one is down', () => {
    const { gate, hear } = openMet();
    hear('main', 'ON');
    gate.down('main');
    expect(hear('express', 'OFF')).toBe('act');
  });

  test('acts at once where the other may be of before the express connection was up', () => {
    const { gate, hear } = openGate();
    hear('main', 'ON');
    gate.up('express');
    expect(hear('express', 'OFF')).toBe('act');
  });
});
