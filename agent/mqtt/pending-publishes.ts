import { fail } from '../../drivers/contract/result.ts';
import { assert } from '../assert.ts';
import { sendWindowCount } from '../limits.ts';
import type { PublishDone } from './connection.ts';
import type { LinkError, Qos } from './link.ts';

/**
 * Publishes that were handed over and not answered yet. Whatever the transport does (answer twice, late, never), each
 * `done` is called exactly once. MQTT.js for one forgets the callbacks of a socket that closed by itself.
 */
export interface PendingPublishes {
  readonly count: number;
  /** The connection is up, and the broker takes so many of QoS 1 and 2 at a time (MQTT 5, 4.9). */
  open(receiveMaximum: number): void;
  /** The caller holds both windows: one more is its mistake. Returns what the transport may call. */
  add(qos: Qos, done: PublishDone): PublishDone;
  /** Every `done` that was not called yet gets this error, oldest first. */
  failAll(error: LinkError): void;
}

export function createPendingPublishes(): PendingPublishes {
  const waiting = new Set<PublishDone>();
  let acknowledgedCount = 0;
  let receiveMaximum = 0;
  return {
    get count() {
      return waiting.size;
    },
    open(maximum) {
      receiveMaximum = maximum;
    },
    add(qos, done) {
      const isAcknowledged = qos > 0;
      assert(waiting.size < sendWindowCount, `more than ${sendWindowCount} publishes in flight`);
      assert(!isAcknowledged || acknowledgedCount < receiveMaximum, `the broker takes ${receiveMaximum} at a time`);
      const settle: PublishDone = (result) => {
        if (!waiting.delete(settle)) return;
        if (isAcknowledged) acknowledgedCount -= 1;
        done(result);
      };
      waiting.add(settle);
      if (isAcknowledged) acknowledgedCount += 1;
      return settle;
    },
    failAll(error) {
      for (const settle of waiting) settle(fail(error));
    },
  };
}
