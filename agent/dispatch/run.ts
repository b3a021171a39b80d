import type { Clock } from '../clock.ts';
import { dispatchTurnMessagesMax, dispatchTurnMsMax, emergencyInboundCount } from '../limits.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import type { Pool } from '../pool/pool.ts';
import { Ring } from '../pool/ring.ts';
import type { Refusal } from '../qn/reason.ts';
import type { DispatchCounters } from './counters.ts';
import { type Caller, callerOf, createJob, isPlain, isPlainMessage, type Job, PlainJobs } from './job.ts';
import { dispatchReliefShare } from './limits.ts';
import type { TakePlain } from './plain-command.ts';
import type { DocumentTable, Route } from './table.ts';

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

  constructor(dependencies: LoopDependencies, inboundCountMax: number) {
    this.#dependencies = dependencies;
    this.#plain = new PlainJobs(2 * inboundCountMax);
    this.#reliefCount = Math.floor(dispatchReliefShare * inboundCountMax);
    this.#express = new Ring<Job>(inboundCountMax, 'refuse'); // Slots run out before a ring does.
    this.#bulk = new Ring<Job>(inboundCountMax - emergencyInboundCount, 'refuse');
  }

  /** Returns at once; the payload may be reused afterwards. The refusal, where a route could not take it. */
  receive(message: InboundMessage): Refusal | undefined {
    const { counters, refuse, table } = this.#dependencies;
    const routes = this.#isOpen ? table.routes(message.topic) : [];
    if (routes.length === 0) {
      counters.stray();
      message.kept?.();
    }
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
    const byteLength = message.payload.byteLength;
    const { payloadBytesMax } = pool;
    if (byteLength > payloadBytesMax) {
      const detail = `${byteLength} bytes; this board takes at most ${payloadBytesMax}`;
      return { reason: 'too-large', detail }; // QN-3.5
    }
    const ring = 'row' in route && route.row.isEmergency ? this.#express : this.#bulk;
    const slot = ring.count < ring.capacity ? pool.acquire('inbound', byteLength) : undefined;
    if (slot === undefined) {
      this.#overflowsCount += 1;
      return { reason: 'overloaded', detail: 'every inbound slot is taken' };
    }
    slot.payload.set(message.payload);
    slot.setLength(byteLength);
    const nowMs = clock.monotonicMs();
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

  #turn(): void {
    const { clock, handle } = this.#dependencies;
    this.#isScheduled = false;
    const untilMs = clock.monotonicMs() + dispatchTurnMsMax;
    for (let count = 0; count < dispatchTurnMessagesMax; count += 1) {
      const job = this.#next();
      if (job === undefined) return;
      if (!this.#takeAtOnce(job)) {
        const durable = handle(job);
        if (durable === undefined) job.kept?.();
        else void durable.then(job.kept);
      }
      if (clock.monotonicMs() >= untilMs) break;
    }
    if (this.depth > 0) this.#schedule();
  }
}

/** One message on several routes cannot be lost when that is so on each of them. */
function sharedBy(message: InboundMessage, routesCount: number): InboundMessage {
  const { kept } = message;
  let leftCount = routesCount;
  if (kept === undefined) return message;
  return {
    ...message,
    kept() {
      leftCount -= 1;
      if (leftCount === 0) kept();
    },
  };
}
