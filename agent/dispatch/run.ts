import type { Clock } from '../clock.ts';
import { dispatchTurnMessagesMax, dispatchTurnMsMax, emergencyInboundCount } from '../limits.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import type { Pool } from '../pool/pool.ts';
import { Ring } from '../pool/ring.ts';
import type { Refusal } from '../qn/reason.ts';
import { tokenEntry } from '../trust/control.ts';
import type { DispatchCounters } from './counters.ts';
import type { ExpressAcks } from './express-acks.ts';
import type { ExpressGate, Line } from './express-gate.ts';
import {
  type Caller,
  callerOf,
  createJob,
  isPlain,
  isPlainMessage,
  type Job,
  PlainJobs,
  refusalOfSize,
} from './job.ts';
import { dispatchReliefShare } from './limits.ts';
import type { TakePlain } from './plain-command.ts';
import { overtaken } from './sent-before.ts';
import { type DocumentTable, isQuery, type Route } from './table.ts';

export interface LoopDependencies {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly table: DocumentTable;
  readonly counters: DispatchCounters;
  /** Decodes, plans and performs; owns the slot from then on. */
  /** Resolves, where it takes the disk, when the message cannot be lost any more. */
  handle(job: Job): void | Promise<void>;
  /** Asked before, of messages that are nothing but a payload; absent: there are no such. */
  readonly takePlain?: TakePlain;
  /** A message that never became a job. */
  refuse(route: Route, caller: Caller, refusal: Refusal): void;
}

/**
 * The dispatch loop. Messages are copied into a slot and queued while the link's callback runs; they are handled in turns
 * of the event loop with a budget, emergency documents first.
 */
export class DispatchLoop {
  readonly #dependencies: LoopDependencies;
  readonly #express: Ring<Job>;
  readonly #bulk: Ring<Job>;
  readonly #plain: PlainJobs;
  readonly #reliefCount: number;
  readonly #run = () => this.#turn();
  #isScheduled = false;
  #overflowsCount = 0;
  #isOpen = true;
  /** Absent until there is a connection for emergency documents to be. */
  #gate: ExpressGate | undefined;
  #acks: Pick<ExpressAcks, 'after'> | undefined;

  constructor(dependencies: LoopDependencies, inboundCountMax: number) {
    this.#dependencies = dependencies;
    this.#plain = new PlainJobs(2 * inboundCountMax);
    this.#reliefCount = Math.floor(dispatchReliefShare * inboundCountMax);
    // Slots run out before a ring does, and only they tell how much is left: what waits for its token has left the ring.
    this.#express = new Ring<Job>(inboundCountMax, 'refuse');
    this.#bulk = new Ring<Job>(inboundCountMax, 'refuse');
  }

  /** `acks`: of emergency documents. */
  useGate(gate: ExpressGate, acks: Pick<ExpressAcks, 'after'>): void {
    this.#gate = gate;
    this.#acks = acks;
  }

  /**
   * Returns at once; the payload may be reused afterwards. The refusal, where a route could not take it. What is for an emergency
   * document is carried out before it returns, by whichever connection it came; what is `local` came by none, and waits its turn.
   */
  receive(message: InboundMessage, line: Line | 'local' = 'main'): Refusal | undefined {
    const { counters, table } = this.#dependencies;
    const known = this.#isOpen ? table.routes(message.topic) : [];
    const routes = isTakenBack(message) ? known.filter(isQuery) : known;
    if (routes.length === 0) {
      counters.stray();
      message.kept?.();
      return undefined;
    }
    if (this.#gate === undefined || line === 'local' || !routes.some(isUrgent)) {
      if (line !== 'express') return this.#take(message, routes);
      message.kept?.();
      return undefined;
    }
    const others = line === 'main' ? routes.filter((route) => !isUrgent(route)) : [];
    const judgement = this.#gate.hear(line, message);
    if (judgement === 'act') return this.#actAtOnce(message, line === 'main' ? routes : routes.filter(isUrgent));
    if (judgement === 'overtaken') this.#refusalOf(message, routes.filter(isUrgent))();
    if (judgement === 'doubt') this.#gate.doubt(message, this.#refusalOf(message, routes.filter(isUrgent)));
    if (others.length === 0) message.kept?.();
    return this.#take(message, others);
  }

  /** To be called when it is known that these emergency commands came behind a later one; the message is gone by then. */
  #refusalOf(message: InboundMessage, routes: readonly Route[]): () => void {
    const [caller, refusal] = [callerOf(message), overtaken(message)];
    return () => {
      for (const route of this.#isOpen ? routes : []) {
        this.#dependencies.counters.receive();
        this.#dependencies.refuse(route, caller, refusal);
      }
    };
  }

  /** The twin that the other connection brings next is not waited for, nor what is read with it: that is several packets. */
  #actAtOnce(message: InboundMessage, routes: readonly Route[]): Refusal | undefined {
    const refusal = this.#take(message, routes);
    this.#acks?.after(() => {
      for (let job = this.#express.shift(); job !== undefined; job = this.#express.shift()) this.#handle(job);
    });
    return refusal;
  }

  #take(message: InboundMessage, routes: readonly Route[]): Refusal | undefined {
    const { counters, refuse } = this.#dependencies;
    const shared = sharedBy(message, routes.length);
    let refusal: Refusal | undefined;
    for (const route of routes) {
      counters.receive();
      const refused = this.#enqueue(route, shared);
      if (refused === undefined) continue;
      refusal = refused;
      refuse(route, callerOf(message), refused);
      shared.kept?.();
    }
    return refusal;
  }

  get depth(): number {
    return this.#express.count + this.#bulk.count;
  }

  /** Messages that found no place, since start. */
  get overflowsCount(): number {
    return this.#overflowsCount;
  }

  /** Throws away what is queued; what is being performed ends by itself. */
  close(): void {
    this.#isOpen = false;
    for (let job = this.#next(); job !== undefined; job = this.#next()) this.#dependencies.pool.release(job.slot);
  }

  #enqueue(route: Route, message: InboundMessage): Refusal | undefined {
    const { clock, pool } = this.#dependencies;
    const { byteLength } = message.payload;
    const tooLarge = refusalOfSize(message, pool.payloadBytesMax);
    if (tooLarge !== undefined) return tooLarge;
    const isEmergency = 'row' in route && route.row.isEmergency;
    const slot = pool.acquire('inbound', byteLength, spareCountOf(route));
    if (slot === undefined) {
      this.#overflowsCount += 1;
      return { reason: 'overloaded', detail: 'every inbound slot is taken' };
    }
    slot.payload.set(message.payload);
    slot.setLength(byteLength);
    const nowMs = clock.monotonicMs();
    const ring = isEmergency ? this.#express : this.#bulk;
    ring.push(isPlainMessage(message) ? this.#plain.take(route, slot, nowMs) : createJob(route, slot, message, nowMs));
    if (this.#bulk.count > this.#reliefCount) this.#relieve();
    this.#schedule();
    return undefined;
  }

  #next(): Job | undefined {
    return this.#express.shift() ?? this.#bulk.shift();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#run);
  }

  /** What takes no time is done in the callback of the link before messages have to be refused: the broker waits meanwhile. */
  #relieve(): void {
    for (let count = 0; count < dispatchTurnMessagesMax; count += 1) {
      const ring = this.#express.count > 0 ? this.#express : this.#bulk;
      const job = ring.peek();
      if (job === undefined || !this.#takeAtOnce(job)) return;
      ring.shift();
    }
  }

  #takeAtOnce(job: Job): boolean {
    if (!isPlain(job) || this.#dependencies.takePlain?.(job) !== true) return false;
    this.#plain.giveBack(job);
    return true;
  }

  #handle(job: Job): void {
    if (this.#takeAtOnce(job)) return;
    const durable = this.#dependencies.handle(job);
    if (durable === undefined) job.kept?.();
    else void durable.then(job.kept);
  }

  #turn(): void {
    const { clock } = this.#dependencies;
    this.#isScheduled = false;
    const untilMs = clock.monotonicMs() + dispatchTurnMsMax;
    for (let count = 0; count < dispatchTurnMessagesMax; count += 1) {
      const job = this.#next();
      if (job === undefined) return;
      this.#handle(job);
      if (clock.monotonicMs() >= untilMs) break;
    }
    if (this.depth > 0) this.#schedule();
  }
}

/** Whoever clears what is retained is no sender of commands; whoever asks for an answer is told that there is none in it. QN-2.1a */
function isTakenBack({ payload, properties }: InboundMessage): boolean {
  return payload.byteLength === 0 && properties.responseTopic === undefined;
}

function isUrgent(route: Route): boolean {
  return route.to !== 'query' && 'row' in route && route.row.isEmergency;
}

/** Inbound slots to leave for others: what waits for its token holds one until that is checked. */
function spareCountOf(route: Route): number {
  if (!('row' in route) || !isUrgent(route)) return emergencyInboundCount;
  return route.row.config.control?.includes(tokenEntry) === true ? emergencyInboundCount / 2 : 0;
}

/** One message on several routes cannot be lost when that is so on each of them. */
function sharedBy(message: InboundMessage, routesCount: number): InboundMessage {
  return message.kept === undefined ? message : { ...message, kept: calledLast(message.kept, routesCount) };
}

/** In a function of its own: what a closure keeps is allocated whenever the function around it is called. */
function calledLast(action: () => void, timesCount: number): () => void {
  let leftCount = timesCount;
  return () => {
    leftCount -= 1;
    if (leftCount === 0) action();
  };
}
