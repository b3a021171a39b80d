import { ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Board } from '../documents/board.ts';
import type { Publisher } from '../documents/publisher.ts';
import type { DocumentStates } from '../documents/states.ts';
import type { Watches } from '../documents/watches.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import { decodeNotify, decodeQuery } from '../qn/bare.ts';
import type { DecodeContext } from '../qn/codec.ts';
import type { ClockQuality, Message, Notify, Query } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { IdSource } from '../qn/snowflake.ts';
import type { Acknowledger, Answerable } from './acknowledge.ts';
import { createCommander } from './command.ts';
import type { DispatchCounters } from './counters.ts';
import { encodingOf, type Job, replyTopic } from './job.ts';
import { selectValue } from './select.ts';
import type { Route } from './table.ts';

export interface HandlerDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly ids: IdSource;
  readonly board: Board;
  readonly states: DocumentStates;
  readonly watches: Watches;
  readonly publisher: Publisher;
  readonly acknowledger: Acknowledger;
  readonly counters: DispatchCounters;
  clockQuality(): ClockQuality;
}

export interface Handler {
  handle(job: Job): void;
  /** Counts a message that was refused, and answers it where somebody can be answered. */
  refuse(route: Route, refusal: Refusal): void;
}

/** What is done with a job: decode, then answer a query or carry out a command. */
export function createHandler(dependencies: HandlerDependencies, root: string): Handler {
  const { clock, log, pool, ids, states, watches, publisher, acknowledger, counters } = dependencies;
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
    const snapshot = states.snapshot(document);
    if (snapshot === undefined) return refuse(job.route, queryRefusal(job.route), asked);
    const granted = watches.ask({ ...asked, query }, snapshot);
    if (!granted.ok) return refuse(job.route, granted.error, asked);
    counters.answer();
    publisher.say({
      message: { ...snapshot, ...granted.value, id: asked.id, doc: document }, // QN-2.3a
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

function queryRefusal(route: Route): Refusal {
  if (route.to === 'nobody') return strangerRefusal(route);
  return { reason: 'driver-absent', detail: `${documentOf(route)} has no value: its driver did not open; see health` };
}
