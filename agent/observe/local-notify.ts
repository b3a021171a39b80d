import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import { type Answerable, ackOf, type Verdict } from '../dispatch/acknowledge.ts';
import { isTerminal } from '../dispatch/lifecycle.ts';
import { httpAckMsMax, httpNotifiesMax } from '../limits.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import type { Ack, Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { encodeMessage } from '../qn/registry.ts';
import type { IdSource } from '../qn/snowflake.ts';
import { formatTopic } from '../qn/topic.ts';

export interface LocalNotifyDependencies {
  readonly clock: Clock;
  readonly ids: IdSource;
  /** The dispatch loop: a command over HTTP goes the way of all others. */
  receive(message: InboundMessage): Refusal | undefined;
}

interface Pending {
  readonly source: string;
  settle(result: Result<Ack, Refusal>): void;
}

/** Commands of local applications, and the wait for their final ack. At most httpNotifiesMax; over it: refuse. */
export class LocalNotifier {
  readonly #dependencies: LocalNotifyDependencies;
  readonly #names: { readonly root: string; readonly node: string };
  readonly #pending = new Map<bigint, Pending>();

  constructor(dependencies: LocalNotifyDependencies, names: { readonly root: string; readonly node: string }) {
    this.#dependencies = dependencies;
    this.#names = names;
  }

  /** Fails with `overloaded` or `too-large` when nothing was done, with `driver-timeout` when nobody knows yet. */
  notify(source: string, document: string, val: Value): Promise<Result<Ack, Refusal>> {
    if (this.#pending.size >= httpNotifiesMax) return Promise.resolve(fail(busy));
    const { clock, ids, receive } = this.#dependencies;
    const id = ids.next();
    // Without a stamp: its time runs by the monotonic clock, and no time server that sets the other one ends it.
    const encoded = encodeMessage({ t: 'notify', id, src: source, ttl: httpAckMsMax, val }, 'json');
    if (!encoded.ok) return Promise.resolve(encoded);
    const topic = formatTopic(this.#names.root, this.#names.node, 'notify', document);
    const payload = encoded.value.bytes;
    return new Promise((resolve) => {
      const timer = clock.after(httpAckMsMax, () => settle(fail(late)));
      const settle = (result: Result<Ack, Refusal>) => {
        timer[Symbol.dispose]();
        this.#pending.delete(id);
        resolve(result);
      };
      this.#pending.set(id, { source, settle });
      const refusal = receive({ topic, payload, qos: 1, retain: false, duplicate: false, properties: {} });
      if (refusal !== undefined) settle(fail(refusal));
    });
  }

  /** What became of any command of this board. */
  acknowledged(command: Answerable, verdict: Verdict): void {
    const pending = this.#pending.get(command.id);
    if (pending === undefined || pending.source !== command.message?.src || !isTerminal(verdict.status)) return;
    pending.settle(ok(ackOf(command, verdict)));
  }

  close(): void {
    for (const { settle } of this.#pending.values()) settle(fail(late));
  }
}

const busy: Refusal = {
  reason: 'overloaded',
  detail: `${httpNotifiesMax} commands over HTTP are under way; try again`,
};
const late: Refusal = { reason: 'driver-timeout', detail: 'the command did not end in time; see the document' };
