import type { Publisher } from '../documents/publisher.ts';
import type { Log } from '../log.ts';

export interface RetainedLostParts {
  readonly log: Log;
  /** Of this life. */
  readonly boot: bigint;
  readonly publisher: Publisher;
  readonly reporter: { tell(): void };
}

/** A broker came back without what it had retained for this node. */
export function tellRetainedLost({ log, boot, publisher, reporter }: RetainedLostParts, broker: string): void {
  const message = { t: 'event', val: { what: 'retained_lost', broker }, ep: boot } as const;
  publisher.say({ message, to: { verb: 'event', document: 'agent' }, retain: false, policy: 'keep' });
  log.warn({ broker }, 'the broker lost what it had retained');
  reporter.tell();
}
