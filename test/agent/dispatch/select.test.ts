import { describe, expect, it } from 'vitest';
import type { BindingConfig } from '../../../agent/config/config.ts';
import { selectValue } from '../../../agent/dispatch/select.ts';

const binding = (more: Partial<BindingConfig>): BindingConfig => ({ on: 'factory/stop', to: 'gpio.relay1', ...more });
const select = (more: Partial<BindingConfig>, text: string) => selectValue(binding(more), Buffer.from(text));

describe('a binding', () => {
  it.each<[Partial<BindingConfig>, string, unknown]>([
    [{}, '12', 12],
    [{}, 'ON', 'ON'],
    [{}, '{"val":1}', { val: 1 }], // Others know nothing of our messages.
    [{ select: '/a/1/b' }, '{"a":[0,{"b":7}]}', 7],
    [{ select: '/a~1b' }, '{"a/b":true}', true],
    [{ select: '' }, '[1]', [1]],
    [{ select: '/a' }, '{"a":null}', null],
    [{ select: '/pressed', map: { true: 'off' } }, '{"pressed":true}', 'off'],
    [{ map: { ON: true, '1': false } }, 'ON', true],
    [{ map: { ON: true, '1': false } }, '1', false],
    [{ map: { '[1]': 'list' } }, '[1]', 'list'],
  ])('%j picks from %s the value %j', (more, text, value) => {
    expect(select(more, text)).toEqual({ ok: true, value });
  });

  it.each<[Partial<BindingConfig>, string, string]>([
    [{}, '', 'malformed'],
    [{}, '{"a":', 'malformed'],
    [{ select: '/b' }, '{"a":1}', 'malformed'],
    [{ select: '/__proto__' }, '{"a":1}', 'malformed'],
    [{ select: '/length' }, '[1]', 'malformed'],
    [{ map: { on: true } }, 'ON', 'out-of-range'],
    [{ map: { on: true } }, 'toString', 'out-of-range'],
  ])('%j refuses %j as %s', (more, text, reason) => {
    expect(select(more, text)).toMatchObject({ ok: false, error: { reason } });
  });

  it('names what came and what it maps', () => {
    const selected = select({ map: { on: true, off: false } }, 'maybe');
    expect(!selected.ok && selected.error.detail).toBe('factory/stop brought "maybe"; its binding maps only on, off');
  });

  it('names no more of it than fits into an answer', () => {
    const selected = select({ map: { on: true } }, JSON.stringify('x'.repeat(60_000)));
    expect(!selected.ok && selected.error.detail.length).toBeLessThan(200);
  });
});
