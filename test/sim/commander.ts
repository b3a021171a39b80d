import type { Ack, Value } from '../../agent/qn/message.ts';
import type { Status } from '../../agent/qn/reason.ts';
import { fieldOf } from '../support/heard.ts';
import type { Doer } from './doers.ts';

/** A command somebody wants carried out, and everything anybody was told about it. */
export interface Order {
  readonly id: bigint;
  readonly doer: Doer;
  readonly value: Value;
  /** What its line had done before. */
  readonly edgesBefore: number;
  /** How it ended, as heard by the one who gave it. */
  end: Status | undefined;
  /** It was under way while the store did not work: then a crash may have it done again. */
  isExcused: boolean;
  /** The agent received it for good (QoS 2): nobody repeats it any more, and it ends all the same. */
  isOwed: boolean;
  /** An ack said that it had not begun when an agent died. */
  isUnbegun: boolean;
  /** Ends of the agent while it was open. */
  deathsCount: number;
  /** Every end that was ever told on the wire. */
  readonly ends: Set<Status>;
  dueMs: number;
  sentCount: number;
}

export interface CommanderSurroundings {
  readonly random: () => number;
  /** How often the line of that name moved so far. */
  edgesOf(doer: Doer): number;
  /** QoS 2 when there is a `received`: called when the agent said that it cannot lose the command. */
  publish(order: Order, received: (() => void) | undefined): void;
}

const ends: ReadonlySet<unknown> = new Set<Status>(['successful', 'failed', 'superseded']);

/** Gives orders and repeats each under its id until it hears an end. It does not hear everything. */
export class Commander {
  readonly orders = new Map<bigint, Order>();
  /** How often the agent received a command for good. */
  owedCount = 0;
  readonly #surroundings: CommanderSurroundings;

  constructor(surroundings: CommanderSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Where effects have no name, only when the one before has ended. */
  order(doer: Doer, value: Value, nowMs: number): void {
    const isOpen = [...this.orders.values()].some((order) => order.doer === doer && order.end === undefined);
    if (doer.line !== undefined && isOpen) return;
    const id = BigInt(1_000 + this.orders.size);
    const order: Order = {
      id,
      doer,
      value,
      edgesBefore: this.#surroundings.edgesOf(doer),
      end: undefined,
      isExcused: false,
      isOwed: false,
      isUnbegun: false,
      deathsCount: 0,
      ends: new Set<Status>(),
      dueMs: 0,
      sentCount: 0,
    };
    this.orders.set(id, order);
    this.#send(order, nowMs);
  }

  /** Repeats what is due. */
  tick(nowMs: number): void {
    for (const order of this.#open()) if (!order.isOwed && nowMs >= order.dueMs) this.#send(order, nowMs);
  }

  /** The store does not work just now. */
  excuse(): void {
    for (const order of this.#open()) {
      order.isExcused = true;
      order.isOwed = false;
    }
  }

  /** The agent died. */
  mourn(): void {
    for (const order of this.#open()) order.deathsCount += 1;
  }

  /** What is owed is waited for by somebody who hears everything. */
  hear(ack: Ack, isHeard: boolean): void {
    const order = this.orders.get(ack.id ?? 0n);
    if (order === undefined) return;
    if (fieldOf(ack.val, 'begun') === false) order.isUnbegun = true;
    const end = endOf(ack);
    if (end === undefined) {
      if (ack.st === 'rejected') order.isOwed = false; // It may be sent again.
      return;
    }
    order.ends.add(end);
    if (isHeard || order.isOwed) order.end ??= end;
  }

  get isDone(): boolean {
    return this.#open().length === 0;
  }

  #owe(order: Order): void {
    if (order.ends.size > 0 || order.isExcused) return;
    order.isOwed = true;
    this.owedCount += 1;
  }

  #open(): readonly Order[] {
    return [...this.orders.values()].filter(({ end }) => end === undefined);
  }

  #send(order: Order, nowMs: number): void {
    const { random, publish } = this.#surroundings;
    order.dueMs = nowMs + 300 + Math.floor(random() * 2_000);
    order.sentCount += 1;
    const isOwing = order.doer.promise !== 'again' && random() < 0.3;
    publish(order, isOwing ? () => this.#owe(order) : undefined);
  }
}

/** QN-4: a duplicate says how the first delivery ended. A refusal is no end: the same id may be tried again. */
function endOf({ st, val }: Ack): Status | undefined {
  const told = st === 'duplicate' ? fieldOf(val, 'status') : st;
  return isEnd(told) ? told : undefined;
}

function isEnd(status: unknown): status is Status {
  return ends.has(status);
}
