import { topicBytesMax, topicLevelsMax } from '../limits.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import { isTopicName } from '../mqtt/topic-filter.ts';
import type { Slot } from '../pool/slot.ts';
import type { Codec } from '../qn/codec.ts';
import type { Message } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { codecFor } from '../qn/registry.ts';
import { parseTopic } from '../qn/topic.ts';
import { correlationBytesMax } from './limits.ts';
import type { Route } from './table.ts';

/** One message on one route, from its arrival until its slot is released. */
export interface Job {
  readonly route: Route;
  readonly slot: Slot;
  readonly isRetained: boolean;
  /** Monotonic. */
  readonly arrivedMs: number;
  readonly contentType?: string;
  readonly caller: Caller;
  readonly isPlain?: true;
  /** To be called when it cannot be lost any more; see InboundMessage. */
  readonly kept?: () => void;
}

/** Where the sender wants to hear from us (QN-2.3), as far as it said so outside the message. */
export interface Caller {
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly traceparent?: string;
}

export function createJob(route: Route, slot: Slot, message: InboundMessage, arrivedMs: number): Job {
  const { contentType } = message.properties;
  return {
    route,
    slot,
    isRetained: message.retain,
    arrivedMs,
    ...(contentType === undefined ? {} : { contentType }),
    caller: callerOf(message),
    ...(message.kept === undefined ? {} : { kept: message.kept }),
  };
}

/** A job that says nothing besides its payload; where it was done at once it is used again for another one. */
export interface PlainJob extends Job {
  readonly isPlain: true;
  route: Route;
  slot: Slot;
  arrivedMs: number;
}

const nobody: Caller = {};

/** One for each place in the queue, made at the start. */
export class PlainJobs {
  readonly #free: PlainJob[] = [];
  readonly #countMax: number;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  take(route: Route, slot: Slot, arrivedMs: number): PlainJob {
    const job = this.#free.pop();
    if (job === undefined) return { isPlain: true, route, slot, isRetained: false, arrivedMs, caller: nobody };
    job.route = route;
    job.slot = slot;
    job.arrivedMs = arrivedMs;
    return job;
  }

  giveBack(job: PlainJob): void {
    if (this.#free.length < this.#countMax) this.#free.push(job);
  }
}

export function isPlain(job: Job): job is PlainJob {
  return job.isPlain === true;
}

/** Whether there is nothing to know of a message besides its payload. */
export function isPlainMessage({ retain, kept, properties }: InboundMessage): boolean {
  if (retain || kept !== undefined) return false;
  const { contentType, responseTopic, correlationData, traceparent } = properties;
  return (contentType ?? responseTopic ?? correlationData ?? traceparent) === undefined;
}

/** It is not taken. QN-3.5 */
export function refusalOfSize({ payload, properties }: InboundMessage, payloadBytesMax: number): Refusal | undefined {
  const correlationBytes = properties.correlationData?.byteLength ?? 0;
  if (payload.byteLength > payloadBytesMax) {
    const detail = `${payload.byteLength} bytes; this board takes at most ${payloadBytesMax}`;
    return { reason: 'too-large', detail };
  }
  if (correlationBytes <= correlationBytesMax) return undefined;
  const detail = `${correlationBytes} bytes of correlation data; send at most ${correlationBytesMax}`;
  return { reason: 'too-large', detail };
}

/** A copy: the message is the link's, and gone after the call. */
export function callerOf({ properties }: InboundMessage): Caller {
  const { responseTopic, correlationData, traceparent } = properties;
  const isCarried = correlationData !== undefined && correlationData.byteLength <= correlationBytesMax;
  return {
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(isCarried ? { correlationData: Uint8Array.from(correlationData) } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** The topic the sender wants answers on; undefined when there is none, or none we may publish to. */
export function replyTopic(root: string, caller: Caller, message: Message | undefined): string | undefined {
  const topic = caller.responseTopic ?? message?.reply;
  if (topic === undefined || !isHarmless(topic)) return undefined;
  return parseTopic(root, topic) === undefined ? topic : undefined; // QN-2.5
}

/** Brokers hang up on what MQTT merely advises against (MQTT 5, 1.5.4): a stranger could cut us off with one message. */
function isHarmless(topic: string): boolean {
  if (!isTopicName(topic) || topic.startsWith('$') || unspeakable.test(topic)) return false;
  return Buffer.byteLength(topic) <= topicBytesMax && topic.split('/').length <= topicLevelsMax;
}

const unspeakable = /[\p{Cc}\p{Noncharacter_Code_Point}]/u;

/** Answers are in the encoding of the question. */
export function encodingOf(bytes: Uint8Array, contentType: string | undefined, message: Message): Codec['name'] {
  if (message.compact !== undefined) return 'compact';
  return codecFor(bytes, contentType)?.name === 'cbor' ? 'cbor' : 'json';
}
