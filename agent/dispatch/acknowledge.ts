import type { DriverError, DriverErrorKind } from '../../drivers/contract/result.ts';
import type { Publisher } from '../documents/publisher.ts';
import type { Codec } from '../qn/codec.ts';
import type { Ack, Message, Value } from '../qn/message.ts';
import type { Reason, Refusal, Status } from '../qn/reason.ts';
import { isTerminal } from './lifecycle.ts';
import type { Outcome } from './recent.ts';

/** A command that can be answered: who asked, how, and under which id. */
export interface Answerable {
  readonly document: string;
  /** Of the command, or given by the agent when it had none (QN-3.2). */
  readonly id: bigint;
  /** Absent when it could not be decoded. */
  readonly message?: Message;
  readonly encoding?: Codec['name'];
  readonly replyTopic?: string;
  readonly correlationData?: Uint8Array;
  /** Of the command, where it is one (trace.ts). */
  readonly traceparent?: string;
}

export interface Verdict {
  readonly status: Status;
  readonly reason?: Reason;
  readonly detail?: string;
  /** With `duplicate`: how the first delivery ended. */
  readonly first?: Outcome | 'under-way';
  /** It began in an earlier life of the agent (QN-4.4). */
  readonly after?: { readonly boot: bigint; readonly isBegun: boolean };
  /** What else is to be said of how it ended. */
  readonly details?: { readonly [key: string]: Value };
  /** How a command ended whose outcome is in the journal: the ack must be no less durable. */
  readonly isJournaled?: boolean;
}

export interface Acknowledger {
  tell(command: Answerable, verdict: Verdict): void;
}

/** Tells what became of a command, on `ack/<document>` and on the reply topic (QN-2.3, QN-4). */
export function createAcknowledger(publisher: Publisher, acks: () => 'all' | 'final'): Acknowledger {
  return {
    tell(command, verdict) {
      const isPassing = !isTerminal(verdict.status);
      if (acks() === 'final' && isPassing) return;
      const { message, encoding, correlationData } = command;
      // QN-3.3: a compact command may do without acks, but not without refusals.
      const isUnwanted = message?.compact?.ackWanted === false && verdict.reason === undefined;
      if (isUnwanted) return;
      const ack = ackOf(command, verdict);
      const isNobodys = message === undefined || verdict.reason === 'overloaded'; // A flood is answered as far as there is room.
      const isNoise = isNobodys && verdict.isJournaled !== true;
      const policy = isNoise ? 'when-up' : 'keep'; // Noise must not push out answers.
      const durability = verdict.isJournaled === true ? 'first' : 'none';
      const how = {
        message: ack,
        retain: false,
        policy,
        isPassing,
        durability,
        ...(encoding === undefined ? {} : { encoding }),
      } as const;
      publisher.say({ ...how, to: { verb: 'ack', document: command.document } });
      if (command.replyTopic === undefined) return;
      const correlation = correlationData === undefined ? {} : { correlationData };
      publisher.say({ ...how, ...correlation, to: { topic: command.replyTopic } });
    },
  };
}

/** The ack as a message. */
export function ackOf({ id, document, message, traceparent }: Answerable, verdict: Verdict): Ack {
  const channel = message?.compact?.channel;
  const val = channel === undefined ? particularsOf(verdict) : undefined; // 17 bytes have no room for them.
  return {
    t: 'ack',
    id,
    doc: document,
    st: verdict.status,
    ...(verdict.reason === undefined ? {} : { why: verdict.reason }),
    ...(verdict.detail === undefined ? {} : { detail: verdict.detail }),
    ...(val === undefined ? {} : { val }),
    ...(traceparent === undefined ? {} : { tr: traceparent }),
    ...(channel === undefined ? {} : { compact: { channel, ackWanted: false, valueType: 'u32' } }),
  };
}

/** Of what it is a duplicate; in which life it began, and whether it may have had an effect there. */
function particularsOf({ first, after, details }: Verdict): Value | undefined {
  if (first !== undefined) return firstOutcome(first);
  if (details !== undefined) return details;
  return after === undefined ? undefined : { boot: after.boot.toString(), begun: after.isBegun };
}

function firstOutcome(first: Outcome | 'under-way'): Value {
  if (first === 'under-way') return { status: 'executing' };
  return first.reason === undefined ? { status: first.status } : { status: first.status, reason: first.reason };
}

const reasonsByKind: { readonly [kind in DriverErrorKind]: Reason } = {
  absent: 'driver-absent',
  denied: 'driver-denied',
  busy: 'busy',
  timeout: 'driver-timeout',
  closed: 'driver-closed',
  'out-of-range': 'out-of-range',
  unsupported: 'unsupported',
  io: 'internal',
};

/** What a driver said, as a reason and a sentence. */
export function failureOf({ kind, operation, resource, detail, fix }: DriverError): Refusal {
  const way = fix === undefined ? '' : `; ${fix}`;
  return { reason: reasonsByKind[kind], detail: `${operation} ${resource}: ${detail}${way}` };
}
