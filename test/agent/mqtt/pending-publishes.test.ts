import { describe, expect, it } from 'vitest';
import { sendWindowCount } from '../../../agent/limits.ts';
import type { LinkError } from '../../../agent/mqtt/link.ts';
import { createPendingPublishes } from '../../../agent/mqtt/pending-publishes.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';

const closed: LinkError = { kind: 'closed', detail: 'gone' };

function openPending(receiveMaximum = 65_535) {
  const pending = createPendingPublishes();
  pending.open(receiveMaximum);
  return pending;
}

describe('pending publishes', () => {
  it('answer once, however often and however late the transport answers', () => {
    const pending = openPending();
    const answers: boolean[] = [];
    const settle = pending.add(1, (result) => answers.push(result.ok));
    settle(ok());
    settle(ok());
    settle(fail(closed));
    pending.failAll(closed);
    expect(answers).toEqual([true]);
    expect(pending.count).toBe(0);
  });

  it('fail oldest first, and late answers do not count', () => {
    const pending = openPending();
    const answers: string[] = [];
    const settles = ['a', 'b', 'c'].map((name) => pending.add(1, (result) => answers.push(`${name} ${result.ok}`)));
    settles[1]!(ok());
    pending.failAll(closed);
    for (const settle of settles) settle(ok());
    expect(answers).toEqual(['b true', 'a false', 'c false']);
  });

  it('hold a full window and not one more, and have room again after an answer', () => {
    const pending = openPending();
    const settles = Array.from({ length: sendWindowCount }, () => pending.add(1, () => {}));
    expect(() => pending.add(1, () => {})).toThrow(`more than ${sendWindowCount} publishes in flight`);
    settles[0]!(ok());
    pending.add(1, () => {});
    expect(pending.count).toBe(sendWindowCount);
  });

  it('hold as many of QoS 1 and 2 as the broker takes at a time, and QoS 0 beside them', () => {
    const pending = openPending(2);
    const settles = [pending.add(1, () => {}), pending.add(2, () => {})];
    expect(() => pending.add(1, () => {})).toThrow('the broker takes 2 at a time');
    pending.add(0, () => {});
    settles[1]!(ok());
    pending.add(1, () => {});
    expect(pending.count).toBe(3);
    pending.failAll(closed);
    pending.open(1);
    pending.add(1, () => {});
    expect(() => pending.add(2, () => {})).toThrow('the broker takes 1 at a time');
  });
});
