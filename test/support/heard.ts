import { Socket } from 'node:net';
import { inspect } from 'node:util';
import { connectAsync, type IClientOptions, type IClientPublishOptions } from 'mqtt';
import { decodeAny } from '../../agent/cli/message-text.ts';
import type { Message, Value } from '../../agent/qn/message.ts';
import { parseTopic } from '../../agent/qn/topic.ts';
import { fieldsOf } from '../../agent/qn/value.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';

/** One message that somebody said, decoded. */
export interface Heard {
  readonly topic: string;
  /** `pi-1`, `ack`, `gpio.relay1`; empty for topics of others. */
  readonly target: string;
  readonly verb: string;
  readonly document: string;
  readonly message: Message;
  readonly bytes: Uint8Array;
  readonly retain: boolean;
  /** MQTT 5 only. */
  readonly correlation: string | undefined;
  readonly contentType: string | undefined;
}

/** All that is given must hold. */
export interface Wanted {
  readonly target?: string;
  readonly verb?: string;
  readonly document?: string;
  readonly topic?: string;
  readonly status?: string;
  readonly id?: bigint;
  readonly value?: Value;
  readonly test?: (heard: Heard) => boolean;
}

/** An ordinary MQTT client that hears everything that can be decoded, notify and query included. */
export interface Listener extends AsyncDisposable {
  readonly all: readonly Heard[];
  /** The oldest that matches and was not asked for before, or the next one to come. */
  hear(wanted: Wanted, deadlineMs?: number): Promise<Heard>;
  /** With QoS 1 if not said otherwise; resolves when the broker acknowledged it. */
  say(topic: string, payload: string | Uint8Array, options?: IClientPublishOptions): Promise<void>;
}

/** Resolves when the subscription was granted. Over MQTT 5 if not said otherwise. */
export async function openListener(port: number, filter = '#', options: IClientOptions = {}): Promise<Listener> {
  const base = { protocol: 'mqtt', host: '127.0.0.1', port, protocolVersion: 5, reconnectPeriod: 0 } as const;
  const client = await connectAsync({ ...base, ...options });
  client.on('error', () => {}); // The broker may be stopped under it.
  if (client.stream instanceof Socket) client.stream.setNoDelay(true); // Not 40 ms for each command that follows another.
  const arrivals = createArrivals<Heard>();
  client.on('message', (topic, payload, { retain, properties }) => {
    const bytes = Uint8Array.from(payload);
    const { correlationData, contentType } = properties ?? {};
    const heard = decodeHeard(topic, bytes);
    if (heard !== undefined) arrivals.push({ ...heard, retain, correlation: correlationData?.toString(), contentType });
  });
  await client.subscribeAsync(filter, { qos: 1 });
  return {
    all: arrivals.all,
    hear: (wanted, deadlineMs) => listen(arrivals, wanted, deadlineMs),
    async say(topic, payload, more = {}) {
      await client.publishAsync(topic, Buffer.from(payload), { qos: 1, ...more });
    },
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

/** As a member of every message that comes: what it says, and where. */
export function decodeHeard(topic: string, bytes: Uint8Array) {
  const decoded = decodeAny(bytes, Date.now());
  const { target = '', verb = '', document = '' } = parseTopic('qn/1', topic) ?? {};
  if (!decoded.ok) return undefined;
  const toJSON = () => `${topic} ${Buffer.from(bytes).toString().slice(0, 160)}`; // For the report of a failed wait.
  return { topic, target, verb, document, message: decoded.value, bytes, toJSON };
}

/** With a deadline whose failure names what was waited for. */
export function listen(arrivals: Arrivals<Heard>, wanted: Wanted, deadlineMs?: number): Promise<Heard> {
  return arrivals
    .next((heard) => isWanted(heard, wanted), deadlineMs)
    .catch((cause: unknown) => {
      throw new Error(`not heard: ${inspect(wanted, { breakLength: Infinity })}; ${String(cause)}`, { cause });
    });
}

function isWanted(heard: Heard, { target, verb, document, topic, status, id, value, test }: Wanted): boolean {
  const { message } = heard;
  if (target !== undefined && heard.target !== target) return false;
  if (verb !== undefined && heard.verb !== verb) return false;
  if (document !== undefined && heard.document !== document) return false;
  if (topic !== undefined && heard.topic !== topic) return false;
  if (status !== undefined && (message.t !== 'ack' || message.st !== status)) return false;
  if (id !== undefined && message.id !== id) return false;
  if (value !== undefined && JSON.stringify(message.val) !== JSON.stringify(value)) return false;
  return test?.(heard) ?? true;
}

/** A field of a value that is a map; undefined where there is none. */
export function fieldOf(value: Value | undefined, name: string): Value | undefined {
  return fieldsOf(value)[name];
}

/** `online` … of a health message. */
export function statusOf({ message }: Heard): Value | undefined {
  return fieldOf(message.val, 'status');
}
