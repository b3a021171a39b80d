import type { Result } from '../../drivers/contract/result.ts';

export type Qos = 0 | 1 | 2;

/** What MQTT 5 adds to a message. Absent on 3.1.1. */
export interface MessageProperties {
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  /** The user property of that name, if there is exactly one. */
  readonly traceparent?: string;
}

export interface InboundMessage {
  readonly topic: string;
  /** A view that belongs to the link and is valid only during the call. */
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  /** The broker says it sent this before. */
  readonly duplicate: boolean;
  readonly properties: MessageProperties;
  /** QoS 2 only: to be called once, when the message cannot be lost any more. The broker is told then, and not before. */
  readonly kept?: () => void;
}

export interface OutboundMessage {
  readonly topic: string;
  /** Must stay untouched until `done` was called. */
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly properties?: MessageProperties;
  /** It goes where somebody asked for it. That a broker does not take it there is no fault of this node. */
  readonly isAnswer?: boolean;
}

/**
 * dns: the name does not resolve · refused: nobody listens, or unreachable · tls: certificate or handshake ·
 * auth: user, password or permission · protocol: the broker speaks something else or refused with another code ·
 * subscribe: a subscription was refused · timeout: no answer in time · closed: the connection ended ·
 * down: publish while there is no connection.
 */
export type LinkErrorKind =
  | 'dns'
  | 'refused'
  | 'tls'
  | 'auth'
  | 'protocol'
  | 'subscribe'
  | 'timeout'
  | 'closed'
  | 'down';

/** What exactly, where the kind alone does not say what to do about it. */
export type LinkErrorCode =
  | 'name-unknown'
  | 'name-server-silent'
  | 'certificate-not-yet-valid'
  | 'certificate-expired'
  | 'certificate-untrusted'
  | 'certificate-for-another-host'
  | 'certificate-demanded'
  | 'certificate-revoked'
  | 'key-mismatch'
  | 'tls-version'
  | 'alpn-refused'
  | 'credentials-unreadable'
  | 'tls-to-a-plain-port'
  | 'bad-credentials'
  | 'not-authorized'
  | 'client-id-refused'
  | 'client-id-twice'
  | 'broker-busy'
  | 'half-open'
  | 'no-retaining'
  | 'no-qos-1'
  | 'packet-too-large';

export interface LinkError {
  readonly kind: LinkErrorKind;
  /** One sentence, lower case, with the broker in it. */
  readonly detail: string;
  readonly code?: LinkErrorCode;
  /** What to type or change, where we know it. */
  readonly fix?: string;
  readonly cause?: unknown;
}

export interface LinkUp {
  /** `mqtt://127.0.0.1:1883`, never with user or password in it. */
  readonly broker: string;
  readonly protocolVersion: 4 | 5;
  /** How many QoS 1 and 2 messages the broker takes at a time; 65 535 when it did not say. */
  readonly receiveMaximum: number;
  /** The largest packet the broker takes, if it said. */
  readonly packetBytesMax?: number;
}

/**
 * Called by the link; none of them may throw. `onUp` and `onDown` alternate, beginning with `onUp`. None is called once
 * disposal began.
 */
export interface LinkHandlers {
  /**
   * Absent: at once. Until then only `onTrouble` is called: the link connects and subscribes, and what is sent to it waits at
   * the broker.
   */
  readonly ready?: Promise<void>;
  /** Connected and every subscription granted (or refused and told by `onTrouble`, just before). */
  onUp(up: LinkUp): void;
  /** The connection that was told by `onUp` is gone, and the `done` of everything published on it was called. */
  onDown(error: LinkError): void;
  /** An attempt to connect or to subscribe failed; the link goes on trying by itself. */
  onTrouble(error: LinkError): void;
  /**
   * Return at once: the link delivers one message at a time, and acknowledges it when this returned. Messages the
   * broker sent before it granted the subscriptions (retained ones, mostly) come before `onUp`.
   */
  onMessage(message: InboundMessage): void;
}

/** The broker publishes this when the connection ends without a goodbye. */
export interface LastWill {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** What a link is for; each is a client of its own for the broker. */
export interface LinkRole {
  /** Behind the client id of the node; empty: the node itself. */
  readonly suffix: '' | '-emergency';
  readonly will?: LastWill;
}

export interface Subscription {
  readonly filter: string;
  readonly qos: Qos;
}

/**
 * The way to a broker. It connects by itself, comes back by itself with growing, jittered delays, and never runs two
 * attempts at once. It keeps nothing for later: what could not be sent is the caller's to send again. While it waits it
 * does not keep the process alive.
 *
 * Not promised: that a message whose `done` failed did not arrive. It may have.
 */
export interface Link extends AsyncDisposable {
  readonly isUp: boolean;
  readonly counters: LinkCounters;
  /** One for each broker there is to choose from, the heaviest first. */
  brokers(): readonly BrokerReport[];
  /**
   * `done` is called exactly once: ok when the broker acknowledged (QoS 0: when the bytes were handed to the socket),
   * else with the error: `closed` when the connection ended first, `auth` or `protocol` when this message was refused.
   * While the link is down it fails with kind `down`, after disposal with `closed`, before returning. Never more than
   * sendWindowCount at a time, and of QoS 1 and 2 never more than `receiveMaximum` of onUp: that is asserted.
   */
  publish(message: OutboundMessage, done: (result: Result<void, LinkError>) => void): void;
  /** Says goodbye (no last will) and stops trying. Idempotent. Pending publishes end with `closed`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface LinkCounters {
  /** Connections that came up, the first included. */
  readonly connects: number;
  readonly attempts: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
}

export interface BrokerReport {
  /** `mqtt://127.0.0.1:1883` */
  readonly url: string;
  /** untried: nobody asked it yet · unusable: dead, or so bad that it is used only when there is nothing else. */
  readonly state: 'in-use' | 'usable' | 'unusable' | 'untried';
  /** 0 to 1, see broker-health.ts. */
  readonly score: number;
  /** Of a round trip of the probe, smoothed; absent while there is only one broker, and until one was measured. */
  readonly latencyMs?: number;
  /** Connections to it that came up after the first. */
  readonly reconnects: number;
  readonly lastError?: LinkError;
  /** What it lately did not take of what this node says, on the connection of now. */
  readonly unsaid?: LinkError;
  /** Whole days until the certificate it showed last ends, and until the one this node shows it does. */
  readonly certificateDays?: number;
  readonly ownCertificateDays?: number;
}
