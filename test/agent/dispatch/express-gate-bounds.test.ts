import { describe, expect, test } from 'vitest';
import {
  expressDoubtMs,
  expressDoubtsMax,
  expressTwinBytesMax,
  expressTwinMsMax,
  expressTwinsMax,
} from '../../../agent/express-limits.ts';
import { openGate } from '../../support/gate-rig.ts';

describe('bounds of the gate for emergency commands', () => {
  test('twins that are still to come: the oldest is forgotten, and acts no second time while others are', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    for (let count = 0; count <= expressTwinsMax; count += 1) hear('express', `${count}`);
    expect(hear('main', '0')).toBe('doubt');
    expect(hear('main', '1')).toBe('leave');
  });

  test('large twins: the oldest are forgotten for the bytes of all, and one that is as large as all may be is not', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    const [first, half, rest] = ['a', 'b'.repeat(expressTwinBytesMax / 2), 'c'.repeat(expressTwinBytesMax / 2 - 1)];
    for (const text of [first, half, rest]) hear('express', text);
    expect(hear('main', first)).toBe('leave');
    hear('express', 'dd');
    expect(hear('main', half)).toBe('doubt');
    expect(hear('main', rest)).toBe('leave');
    const [large, all] = ['e'.repeat(expressTwinBytesMax - 1), 'f'.repeat(expressTwinBytesMax)];
    for (const text of [large, all]) hear('express', text);
    expect(hear('main', large)).toBe('doubt');
    expect(hear('main', all)).toBe('leave');
  });

  test('large doubts: the oldest is refused at once', () => {
    const { gate, hear, refused } = openGate();
    gate.up('express');
    hear('express', 'OFF');
    const half = 'a'.repeat(expressTwinBytesMax / 2);
    for (const text of [half, half.replaceAll('a', 'b')]) hear('main', text);
    expect(refused).toEqual([]);
    hear('main', 'one more');
    expect(refused).toEqual([half]);
  });

  test('a forgotten twin does not act after later ones, though both connections had brought the same before', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    for (const line of ['express', 'main'] as const) hear(line, 'first');
    for (let count = 0; count <= expressTwinsMax; count += 1) hear('express', `${count}`);
    expect(hear('main', '0')).toBe('doubt');
  });

  test('topics that are known to be in order: the one that comes next makes none of them doubtful', () => {
    const { gate, hear } = openGate();
    gate.up('express');
    const other = { topic: 'qn/1/pi-1/notify/gpio.other' };
    for (const more of [{}, other]) for (const line of ['express', 'main'] as const) hear(line, 'first', more);
    hear('express', 'ahead');
    expect(hear('main', 'sent before')).toBe('act');
  });

  test('doubts: the oldest is refused at once', async () => {
    const { clock, gate, hear, refused } = openGate();
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
    const { clock, gate, hear } = openGate();
    gate.up('express');
    hear('express', 'ON');
    await clock.advance(expressTwinMsMax + 1);
    expect(hear('main', 'OFF')).toBe('act');
  });
});
