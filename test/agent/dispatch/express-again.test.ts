import { describe, expect, test } from 'vitest';
import { expressSettleMs, mainLagMsMax } from '../../../agent/express-limits.ts';
import { openGate } from '../../support/gate-rig.ts';

describe('a command said again with the same bytes, the first time when one of the connections was not up', () => {
  test.for(['express', 'main'] as const)(
    'acts by the express one later on: %s brings the second one first',
    async (first) => {
      const { clock, gate, hear } = openGate();
      hear('main', 'OFF');
      gate.up('express'); // That one did not come by it.
      const second = first === 'main' ? 'express' : 'main';
      expect([hear(first, 'OFF'), hear(second, 'OFF')].toSorted()).toEqual(['act', 'leave']);
      await clock.advance(expressSettleMs + 1);
      expect([hear('express', 'OFF'), hear('main', 'OFF')]).toEqual(['act', 'leave']);
    },
  );

  test.for(['express', 'main'] as const)(
    'acts by the main one when the other is dead later on: %s brings the second one first',
    async (first) => {
      const { clock, gate, hear } = openGate();
      gate.up('express');
      gate.down('main');
      hear('express', 'toggle');
      gate.up('main'); // That one did not come by it.
      const second = first === 'main' ? 'express' : 'main';
      expect([hear(first, 'toggle'), hear(second, 'toggle')].toSorted()).toEqual(['act', 'leave']);
      await clock.advance(mainLagMsMax + 1);
      expect([hear('express', 'toggle'), hear('main', 'toggle')]).toEqual(['act', 'leave']);
      gate.down('express');
      expect(hear('main', 'toggle')).toBe('act');
    },
  );

  test('tells nothing of how main lags', () => {
    const { gate, hear } = openGate();
    hear('main', 'OFF');
    gate.up('express');
    expect(hear('express', 'OFF')).toBe('leave'); // A second one.
    hear('express', 'STOP');
    expect(hear('main', 'ON')).toBe('doubt'); // Of before.
  });
});
