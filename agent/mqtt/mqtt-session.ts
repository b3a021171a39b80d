import type { BrokerEndpoint } from './broker-endpoint.ts';
import type { Connection, ConnectionEvents } from './connection.ts';
import type { LinkError, Subscription } from './link.ts';
import type { ClientIdentity } from './mqtt-client-options.ts';
import type { UpEnd } from './twin-watch.ts';

export interface MqttConnectionOptions {
  readonly endpoint: BrokerEndpoint;
  readonly protocolVersion: 4 | 5;
  readonly identity: ClientIdentity;
  readonly password: string | undefined;
  readonly subscriptions: readonly Subscription[];
  readonly isUrgent: boolean;
  readonly sliceBytes?: number | undefined;
}

/**
 * version-refused: CONNACK said that the broker does not speak this version · unanswered: the other side hung up on
 * CONNECT without CONNACK · taken-over, hung-up: see twin-watch.ts.
 */
export type EndManner = 'version-refused' | 'unanswered' | UpEnd;

export interface MqttConnectionEnd {
  readonly error: LinkError;
  readonly how: EndManner;
}

export interface MqttConnectionEvents extends Omit<ConnectionEvents, 'onEnd'> {
  /** The certificate of the broker was found right; it ends then, ms since 1970. Before onUp. */
  onCertificate?(endMs: number): void;
  /** The broker does not take one message, and stays. */
  onUnsaid?(error: LinkError): void;
  onEnd(end: MqttConnectionEnd): void;
}

export interface MqttSession extends Connection {
  /** Only while up. Sends PINGREQ; `heard` is called at the next bytes from the broker, unless asked again before. */
  ping(heard: () => void): void;
  /** Ends it for a better broker, and lets this one publish the last will: who reads here sees this node no more. */
  leave(error: LinkError): void;
}
