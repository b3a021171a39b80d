import type { Result } from '../../drivers/contract/result.ts';
import type { BrokerReport, InboundMessage, LinkError, LinkUp, OutboundMessage } from './link.ts';

/** What a transport tells about one connection. Nothing is told before `dial` returned, nor after `onEnd`. */
export interface ConnectionEvents {
  /** CONNACK and SUBACK were received. At most once. */
  onUp(up: LinkUp): void;
  /** A part failed, the rest works: a refused filter. */
  onTrouble(error: LinkError): void;
  onMessage(message: InboundMessage): void;
  /** Exactly once, also after `close` and `abort`: the socket is gone or going, and nothing else follows. */
  onEnd(end: ConnectionEnd): void;
}

/**
 * later: after the back-off, and not before `delayMsMin` where it says so · elsewhere: another broker is known to be well,
 * go there almost at once; once per broker, then it is `later` · at-once: to the same broker in the other version, which
 * is no trouble to tell, or, after a connection that was up, to a better broker; never twice in a row.
 */
export type NextAttempt =
  | { readonly when: 'later'; readonly delayMsMin?: number }
  | { readonly when: 'elsewhere' }
  | { readonly when: 'at-once' };

export interface ConnectionEnd {
  readonly error: LinkError;
  /** Absent: later. */
  readonly next?: NextAttempt;
}

export type PublishDone = (result: Result<void, LinkError>) => void;

/** One connection, from the first packet to its end. */
export interface Connection {
  /** `mqtt://host:port` */
  readonly broker: string;
  /** The answer that is missing while it is not up yet: `CONNACK`. */
  readonly waitingFor: string;
  /** Only while up. `done` may be called late, more than once, or, when the connection ends, never. */
  publish(message: OutboundMessage, done: PublishDone): void;
  /** Reads nothing more until `release`, so that the broker has to wait; what is read already is still told. */
  hold(): void;
  release(): void;
  /** Goodbye, then `onEnd`; within shutdownMsMax. */
  close(): void;
  /** Cuts without goodbye, then `onEnd` with this error. */
  abort(error: LinkError): void;
}

/** Begins connections; decides by itself to which broker and how. */
export interface Dialer {
  dial(events: ConnectionEvents): Connection;
  brokers(): readonly BrokerReport[];
}
