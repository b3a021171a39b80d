import * as v from 'valibot';
import { httpClientNameBytesMax } from '../limits.ts';
import { reasons, statuses } from '../qn/reason.ts';
import { happeningKinds } from './event-ring.ts';

/*
 * What goes over HTTP, for the description of the interface (build/openapi.ts) and for the test that holds the answers
 * against it. Loaded by neither the agent nor its HTTP side.
 */

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const anyValue = v.pipe(v.any(), v.description('Any JSON value.'));

const clientId = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(httpClientNameBytesMax),
  v.regex(/^[A-Za-z0-9_.-]+$/),
  v.description('A name the application gives itself; what it subscribed to is kept under it.'),
);
const topic = v.pipe(text, v.description('The name of a document, such as gpio.relay1.'));

export const qnRequest = v.pipe(
  v.union([
    v.object({ action: v.optional(v.literal('subscribe')), client_id: clientId, topic }),
    v.object({ action: v.literal('unsubscribe'), client_id: clientId, topic: v.optional(topic) }),
    v.object({ action: v.literal('notify'), client_id: v.optional(clientId), topic, value: anyValue }),
  ]),
  v.description('QN-5.4. Without an action: subscribe.'),
);

/** A message in JSON (QN-3); fields beyond these are allowed. */
const message = {
  t: v.picklist(['query', 'snapshot', 'delta', 'notify', 'ack', 'event', 'health']),
  id: v.optional(v.pipe(text, v.description('u64, decimal.'))),
  src: v.optional(text),
  doc: v.optional(text),
  ep: v.optional(v.pipe(text, v.description('Epoch of the owner: u64, decimal.'))),
  ver: v.optional(count),
  lsn: v.optional(count),
  ts: v.optional(count),
  val: v.optional(anyValue),
  st: v.optional(v.picklist(statuses)),
  why: v.optional(v.picklist(reasons)),
  detail: v.optional(text),
};

export const qnAnswer = v.union([
  v.looseObject({ status: v.literal('subscribed'), ...message }),
  v.object({ status: v.literal('unsubscribed') }),
  v.looseObject({ status: v.literal('ended'), ...message }),
]);

export const refusal = v.object({ status: v.literal('refused'), reason: v.picklist(reasons), detail: text });

export const health = v.object({
  ok: v.pipe(v.boolean(), v.description('Every check is.')),
  status: v.picklist(['online', 'degraded', 'safe']),
  checks: v.array(v.object({ id: text, ok: v.boolean(), detail: text, fix: v.optional(text) })),
  report: v.pipe(v.looseObject({ status: text, boot: text }), v.description('The same as on health/agent (QN-6).')),
});

export const selfTest = v.looseObject({
  health_status: v.picklist(['PASS', 'DEGRADED', 'FAIL']),
  max_latency_us: count,
  tests: v.array(
    v.looseObject({
      id: text,
      title: text,
      status: v.picklist(['pass', 'fail', 'timeout', 'skip']),
      took_us: count,
      detail: text,
      fix: v.optional(text),
    }),
  ),
});

export const events = v.object({
  last_lsn: count,
  totals: v.record(text, count),
  events: v.array(
    v.object({
      lsn: v.pipe(count, v.description('Log sequence number (QN-3.6).')),
      ts: v.pipe(count, v.description('Wall clock, ms since 1970.')),
      monotonic_ms: count,
      kind: v.picklist(happeningKinds),
      document: text,
      value: anyValue,
      trace: v.optional(v.pipe(text, v.description('W3C traceparent.'))),
      boot: v.optional(v.pipe(text, v.description('Of an earlier life of the agent: its boot id.'))),
    }),
  ),
});

export const log = v.object({
  level: v.picklist(['debug', 'info', 'warn', 'error']),
  last: v.pipe(count, v.description('Number of the latest line.')),
  lines: v.array(v.looseObject({ level: text, time: count, message: text, event: text })),
});

export const config = v.pipe(
  v.looseObject({ node: text, documents: v.record(text, v.looseObject({ driver: text })) }),
  v.description('As it runs. Secrets are references.'),
);

export const cpuProfile = v.looseObject({
  nodes: v.array(v.looseObject({ id: count })),
  startTime: v.number(),
  endTime: v.number(),
});

export const heapSnapshot = v.looseObject({ snapshot: v.looseObject({}) });
