import { describe, expect, it } from 'vitest';
import { sendWindowCount } from '../../../agent/limits.ts';
import type { LinkError } from '../../../agent/mqtt/link.ts';
import { createPendingPublishes } from '../../../agent/mqtt/pending-publishes.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';

const closed: LinkError = { kind: 'closed', detail: 'gone' };

describe('pending publishes', () => {
  it('answer once, however often and however late the transport answers', () => {
    const pending = createPendingPublishes();
    const answers: boolean[] = [];
    const settle = pending.add((result) => answers.push(result.ok));
    settle(ok());
    settle(ok());
    settle(fail(closed));
    pending.failAll(closed);
    expect(answers).toEqual([true]);
    expect(pending.count).toBe(0);
  });

  it('fail oldest first, and late answers do not count', () => {
    const pending = createPendingPublishes();
    const answers: string[] = [];
    const settles = ['a', 'b', 'c'].map((name) => pending.add((result) => answers.push(`${name} ${result.ok}`)));
    settles[1]!(ok());
    pending.failAll(closed);
    for (const settle of settles) settle(ok());
    expect(answers).toEqual(['b true', 'a false', 'c false']);
  });

  it('hold a full window and not one more, and have room again after an answer', () => {
    const pending = createPendingPublishes();
    const settles = Array.from({ length: sendWindowCount }, () => pending.add(() => {}));
    expect(() => pending.add(() => {})).toThrow(`more than ${sendWindowCount} publishes in flight`);
    settles[0]!(ok());
    pending.add(() => {});
    expect(pending.count).toBe(sendWindowCount);
  });
});
