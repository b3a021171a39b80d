import type { LinkError, MessageProperties, Qos } from './link.ts';

export interface Outgoing {
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly properties?: MessageProperties;
  /** See OutboundMessage. */
  readonly isAnswer?: boolean;
  /**
   * keep: waits for the broker while the link is down; when the outbox is full the oldest waiting one is dropped and
   * counted. when-up: refused while the link is down or the outbox is full, because it will be said anew anyway.
   */
  readonly policy: 'keep' | 'when-up';
  /** A later message says more: of those that are kept it is dropped first. */
  readonly isPassing?: boolean;
  /** It was taken, and this became of it; not told where the link broke before it was handed over. Must not send in the call. */
  readonly onEnd?: (fate: Fate) => void;
}

export interface OutboxStats {
  readonly depth: number;
  readonly inFlight: number;
  readonly oldestMs: number;
  /** Thrown away because the outbox was full, since start. */
  readonly dropped: number;
  /** Acknowledged by the broker, since start. */
  readonly sent: number;
  /** The broker took the message and said no, or hung up on it each time although it took others, since start. */
  readonly refused: number;
}

/** sent: the broker has it · refused: the broker does not want it, or hung up on it · dropped: others needed its place. */
export type Fate = 'sent' | 'refused' | 'dropped';

/** The message is not to blame. */
export function isAboutLink({ kind }: LinkError): boolean {
  return kind === 'down' || kind === 'closed' || kind === 'timeout';
}
