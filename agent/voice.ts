import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { createPublisher, type Publisher } from './documents/publisher.ts';
import { DocumentStates } from './documents/states.ts';
import { Watches } from './documents/watches.ts';
import { createClockQuality } from './health/clock-quality.ts';
import type { Log } from './log.ts';
import { Outbox } from './mqtt/outbox.ts';
import type { Pool } from './pool/pool.ts';
import type { ClockQuality } from './qn/message.ts';
import { createIdSource, type IdSource } from './qn/snowflake.ts';

export interface VoiceSurroundings {
  readonly clock: Clock;
  readonly log: Log;
}

/** Everything that is needed to say something. */
export interface Voice {
  /** Boot id, and the epoch of every document (QN-1.4). */
  readonly boot: bigint;
  readonly ids: IdSource;
  readonly outbox: Outbox;
  readonly publisher: Publisher;
  readonly states: DocumentStates;
  readonly watches: Watches;
  readonly clockQuality: () => ClockQuality;
}

/** Nothing is said before the outbox has a link. */
export function openVoice(config: Config, { clock, log }: VoiceSurroundings, pool: Pool): Voice {
  const clockQuality = createClockQuality(clock);
  const ids = createIdSource({ clock, nodeName: config.node });
  const boot = ids.next();
  const outbox = new Outbox(clock, pool);
  const { root, encoding } = config.mqtt;
  const publisher = createPublisher({ clock, log, ids, outbox, clockQuality }, { root, node: config.node, encoding });
  const states = new DocumentStates(boot, publisher, outbox);
  const watches = new Watches({ clock, publisher, states, outbox });
  states.onChange((document) => watches.changed(document));
  return { boot, ids, outbox, publisher, states, watches, clockQuality };
}
