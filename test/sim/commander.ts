import type { Ack, Message, Value } from '../../agent/qn/message.ts';
import type { Status } from '../../agent/qn/reason.ts';
import { fieldOf } from '../support/heard.ts';

/** A command somebody wants carried out, and everything anybody was told about it. */
export interface Order {
  readonly id: bigint;
  readonly document: string;
  readonly value: Value;
  /** Must not have its effect twice. */
  readonly isOnce: boolean;
  /** How it ended, as heard by the one who gave it. */
  end: Status | undefined;
  /** It was under way while the store did not work: then a crash may have it done again. */
  isExcused: boolean;
  /** Every end that was ever told on the wire. */
  readonly ends: Set<Status>;
  dueMs: number;
  sentCount: number;
}

const ends: ReadonlySet<unknown> = new Set<Status>(['successful', 'failed', 'superseded']);

/** Gives orders and repeats each under its id until it hears an end. It does not hear everything. */
export class Commander {
  readonly orders = new Map<bigint, Order>();
  readonly #publish: (document: string, message: Message) => void;
  readonly #random: () => number;

  constructor(publish: (document: string, message: Message) => void, random: () => number) {
    this.#publish = publish;
    this.#random = random;
  }

  order(document: string, value: Value, isOnce: boolean, nowMs: number): Order {
    const id = BigInt(1_000 + this.orders.size);
    const order: Order = {
      id,
      document,
      value,
      isOnce,
      end: undefined,
      isExcused: false,
      ends: new Set<Status>(),
      dueMs: 0,
      sentCount: 0,
    };
    this.orders.set(id, order);
    this.#send(order, nowMs);
    return order;
  }

  /** Repeats what is due. */
  tick(nowMs: number): void {
    for (const order of this.orders.values())
      if (order.end === undefined && nowMs >= order.dueMs) this.#send(order, nowMs);
  }

  /** The store does not work just now. */
  excuse(): void {
    for (const order of this.orders.values()) order.isExcused ||= order.end === undefined;
  }

  hear(ack: Ack, isHeard: boolean): void {
    const order = this.orders.get(ack.id ?? 0n);
    const end = endOf(ack);
    if (order === undefined || end === undefined) return;
    order.ends.add(end);
    if (isHeard) order.end ??= end;
  }

  get isDone(): boolean {
    return [...this.orders.values()].every(({ end }) => end !== undefined);
  }

  #send(order: Order, nowMs: number): void {
    order.dueMs = nowMs + 300 + Math.floor(this.#random() * 2_000);
    order.sentCount += 1;
    this.#publish(order.document, { t: 'notify', id: order.id, src: 'commander', val: order.value });
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
