import { ok, type Result } from '../../drivers/contract/result.ts';
import { decodeNotify, decodeQuery } from '../qn/bare.ts';
import type { DecodeContext } from '../qn/codec.ts';
import type { Message, Notify, Query } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { Answerable } from './acknowledge.ts';
import { createCommander } from './command.ts';
import type { HandlerDependencies } from './dependencies.ts';
import { encodingOf, type Job, replyTopic } from './job.ts';
import { selectValue } from './select.ts';
import type { Route } from './table.ts';

export interface Handler {
  handle(job: Job): void;
  /** Counts a message that was refused, and answers it where somebody can be answered. */
  refuse(route: Route, refusal: Refusal): void;
}

/** What is done with a job: decode, then answer a query or carry out a command. */
export function createHandler(dependencies: HandlerDependencies, root: string): Handler {
  const { clock, log, pool, ids, states, publisher, acknowledger, counters } = dependencies;
  const command = createCommander(dependencies);

  function refuse(route: Route, refusal: Refusal, asked?: Answerable): void {
    counters.refuse(refusal.reason);
    const document = documentOf(route);
    log.debug({ document, ...refusal, id: refusal.id?.toString() }, 'message refused');
    const answerable = asked ?? { document, id: refusal.id ?? ids.next() }; // QN-3.4
    acknowledger.tell(answerable, { status: 'rejected', reason: refusal.reason, detail: refusal.detail });
  }

  /** Who asked, and where the answers go. */
  function answerableOf(job: Job, message: Message): Answerable {
    const { correlationData, traceparent } = job.caller;
    const topic = replyTopic(root, job.caller, message);
    return {
      document: documentOf(job.route),
      id: message.id ?? ids.next(), // QN-3.2
      message,
      encoding: encodingOf(job.slot.bytes(), message),
      ...(topic === undefined ? {} : { replyTopic: topic }),
      ...(correlationData === undefined ? {} : { correlationData }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }

  function answer(job: Job, query: Query): void {
    const asked = answerableOf(job, query);
    const { document, encoding, correlationData, replyTopic: topic } = asked;
    const snapshot = (query.mode ?? 'get') === 'get' ? states.snapshot(document) : undefined;
    if (snapshot === undefined) return refuse(job.route, queryRefusal(job.route, query), asked);
    counters.answer();
    publisher.say({
      message: { ...snapshot, doc: document },
      to: topic === undefined ? { verb: 'state', document } : { topic }, // QN-2.4
      retain: topic === undefined,
      policy: 'keep',
      ...(encoding === undefined || encoding === 'compact' ? {} : { encoding }),
      ...(correlationData === undefined ? {} : { correlationData }),
    });
  }

  function contextOf({ contentType }: Job): DecodeContext {
    return { nowMs: clock.wallMs(), ...(contentType === undefined ? {} : { contentType }) };
  }

  function handleQuery(job: Job): void {
    const decoded = decodeQuery(job.slot.bytes(), contextOf(job));
    if (decoded.ok) answer(job, decoded.value);
    else refuse(job.route, decoded.error);
    pool.release(job.slot);
  }

  function decodeCommand(job: Job): Result<Notify, Refusal> {
    const bytes = job.slot.bytes();
    if (job.route.to !== 'binding') return decodeNotify(bytes, contextOf(job));
    const selected = selectValue(job.route.binding, bytes);
    return selected.ok ? ok({ t: 'notify', val: selected.value }) : selected;
  }

  function handleCommand(job: Job): void {
    const { route } = job;
    const decoded = decodeCommand(job);
    if (decoded.ok && 'row' in route) {
      const message = decoded.value;
      return command({ row: route.row, job, message, answerable: answerableOf(job, message) });
    }
    if (decoded.ok) refuse(route, strangerRefusal(route), answerableOf(job, decoded.value));
    else refuse(route, decoded.error);
    pool.release(job.slot);
  }

  return {
    handle(job) {
      const { route } = job;
      const isQuery = route.to === 'query' || ('verb' in route && route.verb === 'query');
      if (isQuery) handleQuery(job);
      else handleCommand(job);
    },
    refuse,
  };
}

function documentOf(route: Route): string {
  return 'row' in route ? route.row.name : route.document;
}

/** A command for something that is no document of the config. */
function strangerRefusal(route: Route): Refusal {
  const document = documentOf(route);
  if (route.to === 'own') return { reason: 'unsupported', detail: `${document} is kept by the agent itself; query it` };
  return { reason: 'unknown-document', detail: `no document ${document} on this board; see its config` };
}

function queryRefusal(route: Route, { mode = 'get' }: Query): Refusal {
  if (route.to === 'nobody') return strangerRefusal(route);
  if (mode === 'get') {
    return {
      reason: 'driver-absent',
      detail: `${documentOf(route)} has no value: its driver did not open; see health`,
    };
  }
  const detail = `mode ${mode} is not in this version; subscribe to state/ and delta/, which tell every change`;
  return { reason: 'unsupported', detail };
}
