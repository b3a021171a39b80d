import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Durability, DurableOutgoing } from '../mqtt/durable-message.ts';
import type { MessageProperties } from '../mqtt/link.ts';
import type { Fate } from '../mqtt/outgoing.ts';
import type { Instruments } from '../observe/instruments.ts';
import { traceOf } from '../observe/trace.ts';
import type { Codec } from '../qn/codec.ts';
import { tooLarge } from '../qn/json-codec.ts';
import type { ClockQuality, Message } from '../qn/message.ts';
import { encodeMessage } from '../qn/registry.ts';
import type { IdSource } from '../qn/snowflake.ts';
import { formatTopic, type Verb } from '../qn/topic.ts';

export interface Speech {
  readonly message: Message;
  /** Where to: a verb of our own root, or a topic somebody asked for. */
  readonly to: { readonly verb: Verb; readonly document: string } | { readonly topic: string };
  readonly retain: boolean;
  readonly policy: 'keep' | 'when-up';
  /** See Outgoing. */
  readonly isPassing?: boolean;
  /** Absent: none. Only for what is kept. */
  readonly durability?: Durability;
  /** What of the events of a document waits for a broker; absent: all. */
  readonly waits?: 'latest' | 'drop';
  /** Absent: the encoding of the config. */
  readonly encoding?: Codec['name'];
  readonly correlationData?: Uint8Array;
  /** What became of it, once the outbox took it; see Outgoing. */
  readonly onEnd?: (fate: Fate) => void;
}

/** Everything the agent says goes through here: envelope, encoding, topic, outbox. */
export interface Publisher {
  /** False when the outbox did not take it. */
  say(speech: Speech): boolean;
  /** Takes away what the broker retains there. */
  clear(from: { readonly verb: Verb; readonly document: string }): void;
}

export interface PublisherOptions {
  readonly root: string;
  readonly node: string;
  /** Of what the agent says by itself. */
  encoding(): 'json' | 'cbor';
  /** Of one message, in the pool. */
  readonly bytesMax: number;
}

export interface PublisherDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: IdSource;
  readonly outbox: { send(message: DurableOutgoing): boolean };
  readonly instruments?: Pick<Instruments, 'encode'>;
  clockQuality(): ClockQuality;
}

export function createPublisher(dependencies: PublisherDependencies, options: PublisherOptions): Publisher {
  const { clock, log, ids, outbox, instruments, clockQuality } = dependencies;
  return {
    say({ message, to, retain, policy, durability = 'none', encoding = options.encoding(), correlationData, ...more }) {
      const document = 'topic' in to ? {} : { doc: to.document };
      const stamp = { src: options.node, ...document, ts: clock.wallMs(), clk: clockQuality() };
      const complete: Message = { id: message.id ?? ids.next(), ...stamp, ...message };
      const sinceMs = clock.monotonicMs();
      const encoded = encodeFitting(complete, encoding, options.bytesMax);
      instruments?.encode.record(clock.monotonicMs() - sinceMs);
      if (!encoded.ok) {
        log.error({ document, encoding, detail: encoded.error.detail }, 'message cannot be said in this encoding');
        return false;
      }
      const topic = 'topic' in to ? to.topic : formatTopic(options.root, options.node, to.verb, to.document);
      const properties = propertiesOf(encoded.value.contentType, traceOf(message.tr), correlationData);
      const { bytes } = encoded.value;
      const owner = 'topic' in to ? (message.doc ?? '') : to.document;
      const how = { qos: 1, retain, policy, durability, isAnswer: 'topic' in to, ...more } as const;
      return outbox.send({ topic, bytes, properties, document: owner, ...how });
    },
    clear({ verb, document }) {
      const topic = formatTopic(options.root, options.node, verb, document);
      const how = { qos: 1, retain: true, policy: 'keep', durability: 'none' } as const;
      outbox.send({ topic, bytes: new Uint8Array(), document, ...how });
    },
  };
}

/** What happened and fits no message is told as lost, and why: nobody could know of it else. */
function encodeFitting(message: Message, encoding: Codec['name'], bytesMax: number): ReturnType<typeof encodeMessage> {
  const encoded = encodeMessage(message, encoding);
  const isTooLong = encoded.ok && encoded.value.bytes.byteLength > bytesMax;
  const refusal = isTooLong
    ? tooLarge(encoded.value.bytes.byteLength, bytesMax)
    : encoded.ok
      ? undefined
      : encoded.error;
  if (message.t !== 'event' || refusal?.reason !== 'too-large') return encoded;
  return encodeMessage({ ...message, val: { lost: refusal.reason, detail: refusal.detail ?? '' } }, encoding);
}

function propertiesOf(contentType: string, traceparent?: string, correlationData?: Uint8Array): MessageProperties {
  return {
    contentType,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(correlationData === undefined ? {} : { correlationData }),
  };
}
