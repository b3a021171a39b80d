import type { Clock } from './clock.ts';
import { createPublisher, type Publisher } from './documents/publisher.ts';
import { DocumentStates } from './documents/states.ts';
import type { ToldNames } from './documents/told-names.ts';
import { Watches } from './documents/watches.ts';
import { createClockQuality } from './health/clock-quality.ts';
import { createKeptIds } from './kept-ids.ts';
import type { Log } from './log.ts';
import type { DurableOutgoing } from './mqtt/durable-message.ts';
import { DurableOutbox } from './mqtt/durable-outbox.ts';
import { Outbox } from './mqtt/outbox.ts';
import { type Chronicle, createChronicle } from './observe/chronicle.ts';
import { createInstruments, type Instruments } from './observe/instruments.ts';
import { KeptEvents } from './observe/kept-events.ts';
import { LogSequence } from './observe/log-sequence.ts';
import type { Pool } from './pool/pool.ts';
import type { ClockQuality, Value } from './qn/message.ts';
import type { IdSource } from './qn/snowflake.ts';
import type { Running } from './running.ts';
import type { Store } from './store/store.ts';

export interface VoiceSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: nothing outlives the agent. */
  readonly store: Store | undefined;
  readonly boot: bigint;
  readonly names: ToldNames;
  readonly isClockSynced?: () => boolean;
}

/** Everything that is needed to say something. */
export interface Voice {
  /** Boot id, and the epoch of every document (QN-1.4). */
  readonly boot: bigint;
  readonly ids: IdSource;
  readonly instruments: Instruments;
  readonly chronicle: Chronicle;
  readonly outbox: Outbox;
  /** The same with the store behind it, for what must outlive the agent. */
  readonly durable: DurableOutbox;
  readonly publisher: Publisher;
  /** The same over another way out. */
  readonly publisherOver: (outbox: { send(message: DurableOutgoing): boolean }) => Publisher;
  readonly states: DocumentStates;
  readonly watches: Watches;
  readonly clockQuality: () => ClockQuality;
}

/** Nothing is said before the outbox has a link. */
export function openVoice(
  running: Running,
  { clock, log, store, boot, names, isClockSynced }: VoiceSurroundings,
  pool: Pool,
): Voice {
  const { config } = running;
  const quality = createClockQuality(clock, isClockSynced);
  const mode = quality() === 'boot' ? 2 : 0;
  const ids = createKeptIds({ clock, nodeName: config.node, mode }, store?.values); // QN-9
  const clockQuality = () => {
    const now = quality();
    if (now !== 'boot') ids.trustClock(); // Every message asks for it.
    return now;
  };
  const instruments = createInstruments();
  const outbox = new Outbox(clock, pool, instruments);
  const durable = new DurableOutbox(clock, outbox, store);
  const { root } = config.mqtt;
  const kept = store === undefined ? undefined : new KeptEvents(clock, store.values, boot);
  const chronicle = createChronicle(new LogSequence(clock, store?.values), kept);
  const publisherOver: Voice['publisherOver'] = (way) => {
    const parts = { clock, log, ids, outbox: way, instruments, clockQuality };
    const said = {
      root,
      node: config.node,
      encoding: () => running.config.mqtt.encoding,
      bytesMax: pool.payloadBytesMax,
    };
    const spoken = createPublisher(parts, said);
    return { ...spoken, say: (speech) => spoken.say(chronicle.hear(speech)) };
  };
  const publisher = publisherOver(durable);
  const changed = (document: string, value: Value) => chronicle.note('change', document, value);
  const states = new DocumentStates(boot, publisher, outbox, changed, names);
  const watches = new Watches({ clock, publisher, states, outbox });
  states.onChange((document) => watches.changed(document));
  return {
    boot,
    ids,
    instruments,
    chronicle,
    outbox,
    durable,
    publisher,
    publisherOver,
    states,
    watches,
    clockQuality,
  };
}
