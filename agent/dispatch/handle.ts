import { ok, type Result } from '../../drivers/contract/result.ts';
import { traceOf } from '../observe/trace.ts';
import { decodeNotify, decodeQuery } from '../qn/bare.ts';
import type { DecodeContext } from '../qn/codec.ts';
import { envelopeBytes, type Message, type Notify, type Query } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { Answerable } from './acknowledge.ts';
import { createCommander } from './command.ts';
import type { HandlerDependencies } from './dependencies.ts';
import { type Caller, encodingOf, type Job, replyTopic } from './job.ts';
import type { Keeper } from './keepers.ts';
import type { Command } from './life.ts';
import type { OwnCommand } from './own.ts';
import { createPermissions } from './permission.ts';
import { createTakePlain, type TakePlain } from './plain-command.ts';
import { expiredRefusal, isExpired } from './plan.ts';
import { selectValue } from './select.ts';
import { refusalOfLoad } from './sparing.ts';
import { createSuggest, type Suggest } from './suggest.ts';
import { isQuery, type Route } from './table.ts';

export interface Handler {
  readonly takePlain: TakePlain;
  /** See LoopDependencies. */
  handle(job: Job): void | Promise<void>;
  /** Counts a message that was refused unread, and answers it where somebody can be answered. */
  refuse(route: Route, caller: Caller, refusal: Refusal): void;
  /** A command of an earlier life. */
  carryOut(command: Command): void | Promise<void>;
  /** Resolves when no command is under way and none waits. */
  settled(): Promise<void>;
}

/** What is done with a job: decode, then answer a query or carry out a command. */
export function createHandler(dependencies: HandlerDependencies, root: string): Handler {
  const { clock, log, pool, ids, board, own, states, watches, publisher, acknowledger, counters, instruments } =
    dependencies;
  const { keepers, table, ownControl, load, clockQuality } = dependencies;
  const commander = createCommander(dependencies);
  const suggest = createSuggest(clock, table);
  const permissions = createPermissions({ verifier: dependencies.verifier, isKnown: commander.isKnown });

  function refuse(asked: Answerable, refusal: Refusal, status: 'rejected' | 'expired' = 'rejected'): void {
    const { reason, detail } = refusal;
    counters.refuse(reason);
    log.debug({ document: asked.document, ...refusal, tr: asked.traceparent }, 'message refused');
    acknowledger.tell(asked, { status, reason, detail });
  }

  /** Who asked, and where the answers go (QN-2.3). */
  function addressOf(route: Route, caller: Caller, message?: Message): Omit<Answerable, 'id'> {
    const { correlationData } = caller;
    const traceparent = traceOf(message?.tr) ?? traceOf(caller.traceparent);
    const wanted = replyTopic(root, caller, message);
    const topic = wanted === undefined || table.routes(wanted).length > 0 ? undefined : wanted; // QN-2.5
    return {
      document: documentOf(route),
      ...(topic === undefined ? {} : { replyTopic: topic }),
      ...(correlationData === undefined ? {} : { correlationData }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }

  function answerableOf({ route, caller, slot, contentType }: Job, message: Message): Answerable {
    const encoding = encodingOf(slot.bytes(), contentType, message);
    return { ...addressOf(route, caller, message), id: message.id ?? ids.next(), message, encoding }; // QN-3.2
  }

  function refuseUnread(route: Route, caller: Caller, refusal: Refusal): void {
    refuse({ ...addressOf(route, caller), id: refusal.id ?? ids.next() }, refusal); // QN-3.4
  }

  function answer(job: Job, query: Query): void {
    const asked = answerableOf(job, query);
    const { document, replyTopic: topic } = asked;
    const spared = refusalOfLoad(load.level, job.route);
    if (spared !== undefined) return refuse(asked, spared);
    const snapshot = states.snapshot(document);
    if (snapshot === undefined) return refuse(asked, queryRefusal(job.route, suggest));
    const isShared = topic === undefined; // Retained, for everybody: not in the encoding of one of them.
    const { encoding, correlationData, ...others } = asked;
    const granted = watches.ask({ ...(isShared ? others : asked), query }, snapshot);
    if (!granted.ok) return refuse(asked, granted.error);
    counters.answer();
    const kept = isShared ? undefined : keepers.get(document);
    const more = kept === undefined ? {} : { val: kept.read(query.val, pool.payloadBytesMax - envelopeBytes) };
    publisher.say({
      message: { ...snapshot, ...granted.value, ...more, id: asked.id, doc: document }, // QN-2.3a
      to: isShared ? { verb: 'state', document } : { topic }, // QN-2.4
      retain: isShared,
      policy: 'keep',
      ...(isShared || encoding === undefined || encoding === 'compact' ? {} : { encoding }),
      ...(isShared || correlationData === undefined ? {} : { correlationData }),
    });
  }

  function contextOf({ contentType }: Job): DecodeContext {
    return { nowMs: clock.wallMs(), ...(contentType === undefined ? {} : { contentType }) };
  }

  function handleQuery(job: Job): void {
    const decoded = decodeQuery(job.slot.bytes(), contextOf(job));
    if (decoded.ok) answer(job, decoded.value);
    else refuseUnread(job.route, job.caller, decoded.error);
    pool.release(job.slot);
  }

  function decodeCommand(job: Job): Result<Notify, Refusal> {
    const sinceMs = clock.monotonicMs();
    const decoded = decodeRoute(job);
    instruments.decode.record(clock.monotonicMs() - sinceMs);
    return decoded;
  }

  function decodeRoute(job: Job): Result<Notify, Refusal> {
    const bytes = job.slot.bytes();
    if (job.route.to !== 'binding') return decodeNotify(bytes, contextOf(job));
    const selected = selectValue(job.route.binding, bytes);
    return selected.ok ? ok({ t: 'notify', val: selected.value }) : selected;
  }

  /** A command for a document the agent keeps itself. */
  function keep(job: Job, keeper: Keeper, message: Notify): void {
    const asked = answerableOf(job, message);
    if (job.isRetained) return refuse(asked, { reason: 'retained', detail: 'retained commands are refused' }); // QN-2.1
    const changed = keeper.change(message.val);
    if (!changed.ok) return refuse(asked, changed.error);
    counters.succeed();
    acknowledger.tell(asked, { status: 'successful' });
  }

  function handleCommand(job: Job): void | Promise<void> {
    const { route, caller } = job;
    const decoded = decodeCommand(job);
    const row = 'row' in route ? board.row(route.row.name) : undefined; // The config may have changed since it arrived.
    if (decoded.ok && row !== undefined) {
      const message = decoded.value;
      const answerable = answerableOf(job, message);
      const durable = Promise.withResolvers<void>();
      const refused = (refusal: Refusal) => {
        refuse(answerable, refusal);
        pool.release(job.slot);
        durable.resolve();
      };
      const granted = () => durable.resolve(commander.carryOut({ row, job, message, answerable }));
      permissions.ask(row, { message, isBound: route.to === 'binding' }, granted, refused);
      return durable.promise;
    }
    if (decoded.ok && route.to === 'own') return handleOwn(job, route.document, decoded.value);
    if (decoded.ok) refuse(answerableOf(job, decoded.value), strangerRefusal(route, suggest));
    else refuseUnread(route, caller, decoded.error);
    return pool.release(job.slot);
  }

  /** A command for a document of the agent itself. */
  function handleOwn(job: Job, name: string, message: Notify): void {
    const refused = (refusal: Refusal, status?: 'expired') => {
      refuse(answerableOf(job, message), refusal, status);
      pool.release(job.slot);
    };
    const granted = () => {
      const [keeper, take] = [keepers.get(name), own.get(name)];
      const expired = isLate(job, message) ? expiredRefusal(message) : undefined;
      if (expired !== undefined && name !== 'config') return refused(expired, 'expired');
      if (keeper === undefined && take === undefined) return refused(strangerRefusal(job.route, suggest));
      if (keeper !== undefined) keep(job, keeper, message);
      const command = { ...ownCommandOf(job, message), ...(expired !== undefined && { expired }) };
      pool.release(job.slot);
      if (keeper === undefined) take?.(command);
    };
    const spared = refusalOfLoad(load.level, { document: name });
    if (spared !== undefined) return refused(spared);
    const control = ownControl(name);
    permissions.ask(
      { name, config: control === undefined ? {} : { control } },
      { message, isBound: false },
      granted,
      refused,
    );
  }

  function isLate({ isRetained, arrivedMs }: Job, message: Notify): boolean {
    const waitedMs = clock.monotonicMs() - arrivedMs;
    return isExpired(message, { isRetained, nowMs: clock.wallMs(), clock: clockQuality(), waitedMs });
  }

  function ownCommandOf(job: Job, message: Notify): OwnCommand {
    return { message, answerable: answerableOf(job, message), isRetained: job.isRetained };
  }

  return {
    takePlain: createTakePlain(dependencies, commander.recent, permissions),
    handle(job) {
      return isQuery(job.route) ? handleQuery(job) : handleCommand(job);
    },
    refuse: refuseUnread,
    carryOut: (command) => commander.carryOut(command),
    async settled() {
      await permissions.settled();
      await commander.settled();
    },
  };
}

function documentOf(route: Route): string {
  return 'row' in route ? route.row.name : route.document;
}

/** A command for something that is no document of the config. */
function strangerRefusal(route: Route, suggest: Suggest): Refusal {
  const document = documentOf(route);
  if (route.to === 'own') return { reason: 'unsupported', detail: `${document} is kept by the agent itself; query it` };
  const nearest = suggest(document);
  const way = nearest === undefined ? 'see its config' : `did you mean ${nearest}?`;
  return { reason: 'unknown-document', detail: `no document ${document} on this board; ${way}` };
}

function queryRefusal(route: Route, suggest: Suggest): Refusal {
  if (route.to === 'nobody') return strangerRefusal(route, suggest);
  return { reason: 'driver-absent', detail: `${documentOf(route)} has no value: its driver did not open; see health` };
}
