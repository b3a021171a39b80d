import assert from 'node:assert/strict';
import { fail } from '../../drivers/contract/result.ts';
import { sendWindowCount } from '../limits.ts';
import type { PublishDone } from './connection.ts';
import type { LinkError } from './link.ts';

/**
 * Publishes that were handed over and not answered yet. Whatever the transport does (answer twice, late, never), each
 * `done` is called exactly once. MQTT.js for one forgets the callbacks of a socket that closed by itself.
 */
export interface PendingPublishes {
  readonly count: number;
  /** The caller holds the window: one more than sendWindowCount is its mistake. Returns what the transport may call. */
  add(done: PublishDone): PublishDone;
  /** Every `done` that was not called yet gets this error, oldest first. */
  failAll(error: LinkError): void;
}

export function createPendingPublishes(): PendingPublishes {
  const waiting = new Set<PublishDone>();
  return {
    get count() {
      return waiting.size;
    },
    add(done) {
      assert(waiting.size < sendWindowCount, `more than ${sendWindowCount} publishes in flight`);
      const settle: PublishDone = (result) => {
        if (waiting.delete(settle)) done(result);
      };
      waiting.add(settle);
      return settle;
    },
    failAll(error) {
      for (const settle of waiting) settle(fail(error));
    },
  };
}
