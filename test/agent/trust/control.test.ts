import { expect, test } from 'vitest';
import { judgeControl } from '../../../agent/trust/control.ts';

const from = (src?: string) =>
  ({ message: { t: 'notify', val: 1, ...(src !== undefined && { src }) }, isBound: false }) as const;

test.each([
  [['ops'], 'ops', 'granted'],
  [['ops'], 'ops2', 'refused'],
  [['ops'], 'xops', 'refused'],
  [['ops'], undefined, 'refused'],
  [['ops', 'dev'], 'dev', 'granted'],
  [['line-*'], 'line-1', 'granted'],
  [['line-*'], 'line', 'refused'],
  [['line-*'], 'lime-1', 'refused'],
  [['*-panel'], 'a-panel', 'granted'],
  [['*-panel'], 'a-door-1', 'refused'],
  [['a*b*a'], 'aba', 'granted'],
  [['a*b*a'], 'aa', 'refused'],
  [['a*a'], 'a', 'refused'],
  [['a*b*b'], 'ab', 'refused'],
  [['a*b*c'], 'a-b-bc', 'granted'],
  [['*'], '', 'granted'],
  [['*'], undefined, 'refused'],
  [['a.c'], 'abc', 'refused'],
  [['token:actuate'], 'ops', 'check'],
  [['token:actuate'], undefined, 'check'],
  [['ops', 'token:actuate'], 'ops', 'granted'],
  [['token:actuate'], 'token:actuate', 'check'],
  [['binding:any'], 'binding:any', 'refused'],
  [[], 'ops', 'refused'],
] as const)('control %j says of %j: %s', (control, src, verdict) => {
  expect(judgeControl(control, from(src))).toBe(verdict);
});

test('without control everybody may, bindings too', () => {
  expect(judgeControl(undefined, from())).toBe('granted');
  expect(judgeControl(undefined, { ...from(), isBound: true })).toBe('granted');
});

test('a binding commands only where bindings may', () => {
  expect(judgeControl(['ops', 'token:actuate', '*'], { ...from(), isBound: true })).toBe('refused');
  expect(judgeControl(['binding:any'], { ...from(), isBound: true })).toBe('granted');
});
