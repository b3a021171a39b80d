import { describe, expect, it } from 'vitest';
import { isTerminal, type LifeInput, type LifeState, step } from '../../../agent/dispatch/lifecycle.ts';
import { statuses } from '../../../agent/qn/reason.ts';

const inputs: readonly LifeInput[] = [
  'accept',
  'execute',
  'succeed',
  'fail',
  'reject',
  'expire',
  'repeat',
  'supersede',
];

/** QN-4. Whatever is not here is impossible. */
const possible: readonly (readonly [LifeState, LifeInput, LifeState])[] = [
  ['received', 'accept', 'accepted'],
  ['received', 'reject', 'rejected'],
  ['received', 'expire', 'expired'],
  ['received', 'repeat', 'duplicate'],
  ['received', 'fail', 'failed'], // QN-8.7c
  ['accepted', 'execute', 'executing'],
  ['accepted', 'expire', 'expired'],
  ['received', 'supersede', 'superseded'],
  ['accepted', 'supersede', 'superseded'],
  ['executing', 'supersede', 'superseded'],
  ['accepted', 'fail', 'failed'],
  ['executing', 'succeed', 'successful'],
  ['executing', 'fail', 'failed'],
  ['executing', 'expire', 'expired'], // QN-4.2b
];

const states: readonly LifeState[] = ['received', ...statuses];
const impossible = states.flatMap((state) =>
  inputs.flatMap((input) =>
    possible.some(([from, by]) => from === state && by === input) ? [] : [[state, input] as const],
  ),
);

describe('the life of a notify', () => {
  it.each(possible)('%s, %s: %s', (state, input, next) => {
    expect(step(state, input)).toBe(next);
  });

  it.each(impossible)('cannot be %s and then %s', (state, input) => {
    expect(() => step(state, input)).toThrow(`notify cannot ${input} when ${state}`);
  });

  it('ends in exactly the six states nothing leads out of', () => {
    expect(states.filter(isTerminal)).toEqual([
      'successful',
      'failed',
      'rejected',
      'expired',
      'duplicate',
      'superseded',
    ]);
  });
});
