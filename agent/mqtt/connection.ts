import type { Result } from '../../drivers/contract/result.ts';
import type { InboundMessage, LinkError, LinkUp, OutboundMessage } from './link.ts';

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

export interface ConnectionEnd {
  readonly error: LinkError;
  /** The transport knows what to do otherwise: try once more without a wait. Never twice in a row. */
  readonly retryAtOnce?: boolean;
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
  /** Goodbye, then `onEnd`; within shutdownMsMax. */
  close(): void;
  /** Cuts without goodbye, then `onEnd` with this error. */
  abort(error: LinkError): void;
}

/** Begins connections; decides by itself to which broker and how. */
export interface Dialer {
  dial(events: ConnectionEvents): Connection;
}
