import { assert } from '../assert.ts';
import type { Status } from '../qn/reason.ts';

/** Life of a notify (QN-4): `accepted → executing → successful | failed | superseded | expired`, or at once one of the refusals. */
export type LifeState = 'received' | Status;

export type LifeInput = 'accept' | 'execute' | 'succeed' | 'fail' | 'reject' | 'expire' | 'repeat' | 'supersede';

const transitions: { readonly [State in LifeState]?: { readonly [Input in LifeInput]?: Status } } = {
  received: {
    ...{ accept: 'accepted', reject: 'rejected', expire: 'expired', repeat: 'duplicate', fail: 'failed' },
    supersede: 'superseded', // One that the device has not taken yet.
  },
  accepted: { execute: 'executing', expire: 'expired', supersede: 'superseded', fail: 'failed' },
  executing: { succeed: 'successful', fail: 'failed', supersede: 'superseded', expire: 'expired' }, // QN-4.6, QN-4.2b
};

/** The next state; an input the state does not know is our own mistake. */
export function step(state: LifeState, input: LifeInput): Status {
  const next = transitions[state]?.[input];
  assert(next !== undefined, `notify cannot ${input} when ${state}`);
  return next;
}

export function isTerminal(state: LifeState): boolean {
  return transitions[state] === undefined;
}
