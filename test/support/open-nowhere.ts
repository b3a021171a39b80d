import type { Environment } from '../../agent/environment.ts';
import type { Link, LinkError } from '../../agent/mqtt/link.ts';
import { fail } from '../../drivers/contract/result.ts';

/** A link that goes on trying for ever. */
export function openNowhere(error: LinkError): Environment['openLink'] {
  return (_role, _subscriptions, handlers): Link => {
    queueMicrotask(() => handlers.onTrouble(error));
    return {
      isUp: false,
      counters: { connects: 0, attempts: 1, messagesIn: 0, messagesOut: 0 },
      brokers: () => [],
      publish: (_message, done) => done(fail({ kind: 'down', detail: 'no broker' })),
      async [Symbol.asyncDispose]() {},
    };
  };
}
