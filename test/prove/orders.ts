import { connectAsync } from 'mqtt';
import type { Ack, Value } from '../../agent/qn/message.ts';
import { decodeHeard, fieldOf } from '../support/heard.ts';
import type { Edges } from './edges.ts';

/** A document that takes commands which must not be done twice, and how their effects are told apart. */
export interface Doer {
  readonly document: string;
  /** Commands given and not ended at a time; its lane takes 16. */
  readonly aheadCount: number;
  valueOf(text: string): Value;
  /** Where effects have no text: one command at a time, and what the line did meanwhile was its doing. */
  readonly edges?: Edges;
}

/** One command, and everything that was heard of it. */
export interface Order {
  readonly id: bigint;
  readonly doer: Doer;
  /** Unique: its effect is this line, once, where it writes to a line. */
  readonly text: string;
  /** Terminal acks but `duplicate`, busy and overloaded, as `status reason`, in the order heard. */
  readonly endings: string[];
  /** What `duplicate` said of the first delivery, when that had ended. */
  readonly told: string[];
  /** What the line did until it ended; absent where effects have a text. */
  edgesCount?: number;
  deliveries: number;
}

export interface Orders extends AsyncDisposable {
  readonly all: ReadonlyMap<bigint, Order>;
  /** Refused because there was no room; tried again. */
  readonly refusedCount: number;
  /** Commands that nothing terminal was heard of, in whatever form. */
  readonly openCount: number;
  /** Allows so many commands in total. */
  allow(count: number): void;
}

const root = 'qn/1/pi-1';
const againMs = 250;

/** Gives commands with QoS 1 and 2 in turns, and each again under the same id until it heard how it ended. */
export async function openOrders(port: number, doers: readonly Doer[]): Promise<Orders> {
  const all = new Map<bigint, Order>();
  const open = new Map<bigint, Order>();
  let allowedCount = 0;
  let refusedCount = 0;
  const client = await connectAsync({ protocol: 'mqtt', host: '127.0.0.1', port, protocolVersion: 5 });
  const give = (order: Order) => {
    order.deliveries += 1;
    const { id, doer, text } = order;
    const payload = JSON.stringify({ t: 'notify', id: String(id), src: 'prover', val: doer.valueOf(text) });
    client.publish(`${root}/notify/${doer.document}`, payload, { qos: id % 2n === 0n ? 1 : 2 });
  };
  const fill = () => {
    const openOf = (doer: Doer) => [...open.values()].filter((order) => order.doer === doer).length;
    for (const doer of roomy(doers, openOf)) {
      if (all.size >= allowedCount) return;
      const id = BigInt(1_000_000 + all.size);
      const order = { id, doer, text: `c${id}`, endings: [], told: [], deliveries: 0 };
      all.set(id, order);
      open.set(id, order);
      give(order);
    }
  };
  client.on('message', (topic, payload) => {
    const message = decodeHeard(topic, payload)?.message;
    const order = message?.t === 'ack' && message.id !== undefined ? all.get(message.id) : undefined;
    if (message?.t !== 'ack' || order === undefined) return;
    const meaning = hear(order, message);
    if (meaning === 'no-room') refusedCount += 1;
    const edgesCount = meaning === 'ended' && open.delete(order.id) ? order.doer.edges?.take() : undefined;
    if (edgesCount !== undefined) order.edgesCount = edgesCount;
    fill();
  });
  await client.subscribeAsync(`${root}/ack/#`, { qos: 1 });
  const timer = setInterval(() => open.forEach(give), againMs);
  return {
    all,
    get refusedCount() {
      return refusedCount;
    },
    get openCount() {
      return open.size;
    },
    allow(count) {
      allowedCount = count;
      fill();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await client.endAsync(true);
    },
  };
}

/** Each doer as often as there is room for another command of it, in turns. */
function* roomy(doers: readonly Doer[], openOf: (doer: Doer) => number): Generator<Doer> {
  for (let free = doers; free.length > 0; free = free.filter((doer) => openOf(doer) < doer.aheadCount)) {
    for (const doer of free) if (openOf(doer) < doer.aheadCount) yield doer;
  }
}

/** Writes down what the ack says; `no-room`: nothing was done, the same id may be tried again. */
function hear(order: Order, { st, why, val }: Ack): 'ended' | 'no-room' | 'goes-on' {
  if (st === 'accepted' || st === 'executing') return 'goes-on';
  if (st === 'duplicate') {
    const status = textOf(fieldOf(val, 'status'));
    if (status === 'accepted' || status === 'executing') return 'goes-on';
    order.told.push(ending(status, fieldOf(val, 'reason')));
    return 'ended';
  }
  if (why === 'busy' || why === 'overloaded') return 'no-room';
  order.endings.push(ending(st, why));
  return 'ended';
}

function ending(status: string, reason: Value | undefined): string {
  return reason === undefined ? status : `${status} ${textOf(reason)}`;
}

function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
